/** Consistent hashing: one key stays at one endpoint, also when others leave. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClientRequest, Connection } from "../../harness/client.ts";
import { Mesh } from "../../harness/mesh.ts";
import { TARGETS } from "../../harness/targets.ts";
import { answeredBy, apply, destinationRule, get, HOST, service, share, virtualService } from "./mesh.ts";

const ALL = [61, 62, 63, 64, 65];
/** So many that what is said of most of them is no chance. */
const KEYS = Array.from({ length: 100 }, (_, index) => `key-${index}`);

const hashBy = (consistentHash: object) =>
  destinationRule({ trafficPolicy: { loadBalancer: { consistentHash } } });

interface Way {
  readonly name: string;
  readonly hash: object;
  readonly request: (key: string) => Partial<ClientRequest>;
}

const WAYS: readonly Way[] = [
  {
    name: "a header, ring hash",
    hash: { httpHeaderName: "X-User" },
    request: (key) => ({ headers: { "x-user": key } }),
  },
  {
    name: "a header, Maglev",
    hash: { httpHeaderName: "x-user", maglev: { tableSize: 1021 } },
    request: (key) => ({ headers: { "x-user": key } }),
  },
  {
    name: "a cookie that is only read",
    hash: { httpCookie: { name: "session" }, ringHash: { minimumRingSize: 512 } },
    request: (key) => ({ headers: { cookie: `session=${key}` } }),
  },
  {
    name: "a query parameter",
    hash: { httpQueryParameterName: "user" },
    request: (key) => ({ path: `/?user=${key}` }),
  },
];

describe.each(TARGETS)("target %s", (target) => {
  let mesh: Mesh;

  beforeAll(async () => {
    mesh = await Mesh.create({ target });
  });

  afterAll(async () => {
    await mesh?.close();
  });

  async function place(port: number, way: Way): Promise<ReadonlyMap<string, number>> {
    const places = new Map<string, number>();
    const connection = await Connection.open(port);
    for (const key of KEYS) {
      const request = { path: "/", host: HOST, ...way.request(key) };
      places.set(key, answeredBy(await connection.request(request)));
    }
    connection.close();
    return places;
  }

  test.each(WAYS)("$name: a key stays at its endpoint when others leave and come back", async (way) => {
    const rules = hashBy(way.hash);
    const port = await apply(mesh, [service(ALL), rules]);
    const before = await place(port, way);
    expect(await place(port, way)).toEqual(before);
    expect(new Set(before.values()).size).toBeGreaterThan(2);

    const leaving = before.get(KEYS[0]!)!;
    await apply(mesh, [service(ALL.filter((last) => last !== leaving)), rules]);
    const without = await place(port, way);
    const kept = KEYS.filter((key) => before.get(key) === without.get(key));
    const stayed = KEYS.filter((key) => before.get(key) !== leaving);
    expect([...without.values()]).not.toContain(leaving);
    // Envoy's tables grow with the share of each endpoint, so about 15 % move along; of chance, three quarters would.
    expect(kept.length).toBeGreaterThan(stayed.length / 2);

    await apply(mesh, [service(ALL), rules]);
    expect(await place(port, way)).toEqual(before);
  });

  test("a request without the key goes anywhere", async () => {
    const port = await apply(mesh, [service(ALL), hashBy({ httpHeaderName: "x-user" })]);
    expect((await share(port, 40)).size).toBeGreaterThan(1);
  });

  test("one client's address is one endpoint", async () => {
    const port = await apply(mesh, [service(ALL), hashBy({ useSourceIp: true })]);
    expect((await share(port, 10)).size).toBe(1);
  });

  test("a cookie with a lifetime is set by the proxy, and holds its client", async () => {
    const port = await apply(mesh, [
      service(ALL),
      hashBy({
        httpCookie: {
          name: "session",
          ttl: "1h",
          path: "/shop",
          attributes: [{ name: "SameSite", value: "Strict" }],
        },
      }),
    ]);
    const first = await get(port);
    const [set] = first.headers["set-cookie"]!;
    expect(set).toMatch(/^session="?[0-9a-f]+"?; Max-Age=3600; Path=\/shop; SameSite=Strict; HttpOnly$/);
    const cookie = set!.slice(0, set!.indexOf(";"));
    const later = await share(port, 10, { headers: { cookie } });
    expect([...later.keys()]).toEqual([answeredBy(first)]);
    expect((await get(port, { headers: { cookie } })).headers["set-cookie"]).toBeUndefined();
    // Other clients are given other cookies, and so spread.
    expect((await share(port, 30)).size).toBeGreaterThan(1);
  });

  test("the rule of a subset and of a port win over the host's, and a rule's own routes obey", async () => {
    const by = (name: string) => ({ loadBalancer: { consistentHash: { httpHeaderName: name } } });
    const labelled = ALL.map((last) => ({ last, labels: { version: "v1" } }));
    const port = await apply(mesh, [
      service(labelled),
      destinationRule({
        trafficPolicy: { ...by("x-host"), portLevelSettings: [{ port: { number: 80 }, ...by("x-port") }] },
        subsets: [{ name: "v1", labels: { version: "v1" }, trafficPolicy: by("x-subset") }],
      }),
      virtualService([
        { match: [{ uri: { prefix: "/subset" } }], route: [{ destination: { host: HOST, subset: "v1" } }] },
        {
          match: [{ uri: { prefix: "/port" } }],
          route: [{ destination: { host: HOST, port: { number: 80 } } }],
        },
        { route: [{ destination: { host: HOST } }] },
      ]),
    ]);
    const spread = async (path: string, header: string) =>
      (await share(port, 20, { path, headers: { [header]: "one" } })).size;
    expect(await spread("/subset", "x-subset")).toBe(1);
    expect(await spread("/subset", "x-host")).toBeGreaterThan(1);
    expect(await spread("/port", "x-port")).toBe(1);
    expect(await spread("/port", "x-host")).toBeGreaterThan(1);
    expect(await spread("/", "x-host")).toBe(1);
  });

  test("a retry stays with the endpoint of the hash, unless the rule says otherwise", async () => {
    const destination = { route: [{ destination: { host: HOST } }] };
    const port = await apply(mesh, [
      service(ALL),
      hashBy({ httpHeaderName: "x-user" }),
      virtualService([
        {
          match: [{ uri: { prefix: "/elsewhere" } }],
          ...destination,
          retries: { attempts: 3, retryOn: "5xx", retryIgnorePreviousHosts: true },
        },
        { ...destination, retries: { attempts: 3, retryOn: "5xx" } },
      ]),
    ]);
    const tried = async (path: string) => {
      mesh.upstream.reset();
      await get(port, { path, headers: { "x-user": "anne", "x-echo-status": "500" } });
      expect(mesh.upstream.requests).toHaveLength(4);
      return new Set(mesh.upstream.requests.map(({ endpoint }) => endpoint)).size;
    };
    expect(await tried("/")).toBe(1);
    expect(await tried("/elsewhere")).toBeGreaterThan(1);
  });
});
