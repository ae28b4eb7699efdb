import { describe, expect, test } from "vitest";
import type { FilterChain, Sharing } from "../../ir/filter-chains.ts";
import type { Cluster, Listener, TcpChain } from "../../ir/ir.ts";
import { type ArrivedConnection, chooseChain, connectionOutcome } from "./connection.ts";

function chain(name: string, more: Partial<TcpChain> = {}): TcpChain {
  return {
    name,
    role: "mesh",
    address: "0.0.0.0",
    port: 443,
    serverNames: [],
    ...(more.serverNames && { readsServerName: true }),
    destinations: [{ cluster: name, weight: 1 }],
    ...more,
  };
}

const http = (more: Partial<Listener> = {}): Listener => ({
  name: "http",
  role: "mesh",
  address: "0.0.0.0",
  port: 443,
  routes: { ignorePortInHost: true, virtualHosts: [] },
  ...more,
});

const tls = (serverName?: string, ...applicationProtocols: string[]): ArrivedConnection => ({
  tls: { ...(serverName !== undefined && { serverName }), applicationProtocols },
});

const chosen = (sharing: Sharing, connection: ArrivedConnection) =>
  chooseChain(sharing, connection).chain?.name;

describe("as Envoy chooses", () => {
  test("the narrowest range first, whatever the names say", () => {
    const sharing = [
      chain("wide", { addresses: ["10.0.0.0/8"], serverNames: ["a.example"] }),
      chain("narrow", { addresses: ["10.1.0.0/16"], serverNames: ["b.example"] }),
      chain("any"),
    ];
    expect(chosen(sharing, { address: "10.2.0.1", ...tls("a.example") })).toBe("wide");
    // It does not go back to the wider range, nor to any.
    expect(chosen(sharing, { address: "10.1.0.1", ...tls("a.example") })).toBeUndefined();
    expect(chosen(sharing, { address: "192.0.2.1", ...tls("a.example") })).toBe("any");
    expect(chosen(sharing, tls("a.example"))).toBe("any");
    expect(chosen(sharing, { address: "::1" })).toBe("any");
  });

  test("the name itself, the longest wildcard, any", () => {
    const sharing = [
      chain("any"),
      chain("short", { serverNames: ["*.example"] }),
      chain("long", { serverNames: ["*.a.example"] }),
      chain("exact", { serverNames: ["x.a.example", "y.a.example"] }),
    ];
    const asked = ["y.a.example", "z.a.example", "z.example", "example", undefined];
    expect(asked.map((name) => chosen(sharing, tls(name)))).toEqual(["exact", "long", "short", "any", "any"]);
    expect(chosen(sharing, {})).toBe("any");
  });

  test("what the client likes best of what it proposes, any", () => {
    const sharing = [
      chain("one", { serverNames: ["a"], applicationProtocols: ["p", "q"] }),
      chain("two", { serverNames: ["a"], applicationProtocols: ["r"] }),
    ];
    expect(chosen(sharing, tls("a", "x", "r", "p"))).toBe("two");
    expect(chosen(sharing, tls("a", "q"))).toBe("one");
    expect(chosen(sharing, tls("a", "x"))).toBeUndefined();
    expect(chosen([...sharing, chain("any", { serverNames: ["a"] })], tls("a", "x"))).toBe("any");
  });

  test("does not look into TLS where no chain asks for it", () => {
    const sharing = [http({ sniffs: { addresses: [] } }), chain("tcp", { addresses: ["0.0.0.0/0", "::/0"] })];
    expect(chosen(sharing, tls("a.example", "http/1.1"))).toBe("tcp");
    expect(chosen(sharing, {})).toBe("tcp");
  });
});

test("says what each of the others was left out by", () => {
  const sharing: FilterChain[] = [
    chain("far", { addresses: ["10.2.0.0/16"] }),
    chain("wide", { addresses: ["10.0.0.0/8"] }),
    chain("other", { addresses: ["10.1.0.0/16"], serverNames: ["b.example"] }),
    chain("taken", { addresses: ["10.1.0.0/16"], serverNames: ["*.example"] }),
  ];
  const { trials } = chooseChain(sharing, { address: "10.1.0.1", ...tls("a.example") });
  expect(trials.map(({ failed }) => failed)).toEqual([
    { compared: "address", isOutranked: false },
    { compared: "address", isOutranked: true },
    { compared: "serverName", isOutranked: false },
    undefined,
  ]);
});

describe("what becomes of it", () => {
  const served: Cluster = {
    name: "a",
    discovery: { kind: "eds", endpoints: [{ address: "10.0.0.1", port: 1, weight: 1 }] },
    protocol: "tcp",
    connectTimeoutMs: 1000,
    loadBalancer: { kind: "random" },
    limits: {},
  };
  const ended = {
    serverNames: [],
    certificates: [],
    clientCertificate: "none",
    spkiHashes: [],
    certificateHashes: [],
    subjectAltNames: [],
    cipherSuites: [],
    curves: [],
  } as const;
  const outcome = (one: FilterChain | undefined, connection: ArrivedConnection = {}, cluster = served) =>
    connectionOutcome(one, connection, (name) => (name === cluster.name ? cluster : undefined));

  test("goes on, where somebody is there", () => {
    expect(outcome(chain("a"))).toEqual({ kind: "forward", destinations: [{ cluster: "a", weight: 1 }] });
    const half = ["a", "b"].map((cluster) => ({ cluster, weight: 1 }));
    expect(outcome(chain("both", { destinations: half }))).toEqual({ kind: "forward", destinations: half });
    expect(outcome(chain("b"))).toMatchObject({ kind: "closed", why: "there is no cluster b" });
    const empty = { ...served, discovery: { kind: "eds" as const, endpoints: [] } };
    expect(outcome(chain("a"), {}, empty)).toMatchObject({ kind: "closed", why: "a has no endpoints" });
    expect(outcome(undefined)).toMatchObject({ kind: "closed" });
  });

  test("has to speak TLS where that ends, and HTTP where that is read", () => {
    expect(outcome(chain("a", { tls: ended }), {}).kind).toBe("closed");
    expect(outcome(chain("a", { tls: ended }), tls("a")).kind).toBe("forward");
    expect(outcome(http(), {}).kind).toBe("http");
    expect(outcome(http(), tls("a")).kind).toBe("closed");
    expect(outcome(http({ tls: ended }), {}).kind).toBe("closed");
    expect(outcome(http({ tls: ended }), tls("a")).kind).toBe("http");
  });

  test("has to say a name where that is looked up", () => {
    const lookedUp = { ...served, discovery: { kind: "byAuthority" as const, endpoints: [] as const } };
    expect(outcome(chain("a", { lookupPort: 443 }), tls(), lookedUp).kind).toBe("closed");
    expect(outcome(chain("a", { lookupPort: 443 }), tls("b"), lookedUp).kind).toBe("forward");
  });
});
