/**
 * What istiod's listeners and routes choose for a call: listener, virtual host, cluster. Asked of the filter itself,
 * in Node, where HTTP is read; else of the chains that Envoy is given. Outbound calls, which is what Sluice serves.
 */

import ipaddr from "ipaddr.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { lower } from "../../compiler/front/istio/testing.ts";
import type { Listener, TcpChain } from "../../compiler/ir/ir.ts";
import type { ProxyOptions } from "../../compiler/options.ts";
import { Authority, tlsSecret } from "../harness/authority.ts";
import { withRecordedCases } from "../harness/recorded.ts";
import { Tally } from "../harness/tally.ts";

interface SimulationCase {
  readonly test: string;
  readonly proxy: {
    readonly type: "router" | "sidecar";
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly resources: readonly {
    readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
    readonly kind: string;
    readonly spec?: {
      readonly resolution?: string;
      readonly servers?: readonly { readonly tls?: { readonly credentialName?: string } }[];
    };
  }[];
  readonly kubernetes?: readonly object[];
  readonly calls: readonly SimulatedCall[];
}

interface SimulatedCall {
  readonly name: string;
  readonly call: {
    readonly host?: string;
    readonly path: string;
    readonly address?: string;
    readonly port: number;
    readonly sni?: string;
    readonly protocol?: string;
    readonly tls?: string;
    readonly mode?: string;
  };
  /** Everything that istiod's configuration chose. */
  readonly istiod_result: {
    readonly listener?: string;
    readonly vhost?: string;
    readonly cluster?: string;
    readonly error?: string;
  };
}

/** istiod writes this into what it makes of the Kubernetes Gateway API; nobody else does. */
const GATEWAY_SERVICE = "internal.istio.io/gateway-service";

function whyLeft(one: SimulationCase, { call, istiod_result: chosen }: SimulatedCall): string | undefined {
  if (one.resources.some(({ metadata }) => metadata.annotations?.[GATEWAY_SERVICE] !== undefined)) {
    return "Gateways made of the Kubernetes Gateway API, which open only the ports of their own service";
  }
  if (call.mode === "inbound") {
    return "inbound";
  }
  if (one.test.startsWith("TestPassthroughTraffic") && !isPlainHttp(call)) {
    return "connections on their way to hosts that nobody registered, which iptables would have to redirect";
  }
  if (one.test.startsWith("TestTLSRouteTermination")) {
    return "about rules of the Kubernetes Gateway API, which are not among the resources";
  }
  if (chosen.error === "multiple filter chains matched") {
    return "of which istiod makes what Envoy refuses; here the younger of the two servers is left out";
  }
  if (!isPlainHttp(call) && call.tls === "plaintext" && one.resources.some(goesWhereItWasMeant)) {
    return "TCP to wherever it was meant for, which only iptables could tell";
  }
  if (one.test === "TestExternalNameServices" && !isPlainHttp(call)) {
    return "with a tcp rule that has a name, a field that it has not";
  }
  if (!isPlainHttp(call) && chosen.cluster === "PassthroughCluster") {
    return "istiod passes on where it was meant for what no chain takes; here it is closed";
  }
  if (one.test.includes("ALLOW_ANY_DYNAMIC_DNS")) {
    return "about the outbound policy ALLOW_ANY_DYNAMIC_DNS, which has another name here: ALLOW_ANY";
  }
  if (one.proxy.type === "sidecar" && isPlainHttp(call) && chosen.vhost === undefined) {
    return "a connection that istiod forwards without reading it as HTTP";
  }
  return undefined;
}

function goesWhereItWasMeant({ kind, spec }: SimulationCase["resources"][number]): boolean {
  return kind === "ServiceEntry" && (spec?.resolution ?? "NONE") === "NONE";
}

function isPlainHttp({ protocol, tls }: SimulatedCall["call"]): boolean {
  return protocol === "http" && tls === "plaintext";
}

/** What Envoy takes: of the narrowest range that has the address, the one whose names fit. */
function takerOf(
  all: readonly (TcpChain | Listener)[],
  { address = "", port, sni = "" }: SimulatedCall["call"],
) {
  const ip = ipaddr.parse(address);
  const fitting = all
    .filter((one) => one.port === port)
    .flatMap((one) =>
      (("addresses" in one && one.addresses) || ["0.0.0.0/0", "::/0"]).map((range) => ({
        one,
        range: ipaddr.parseCIDR(range),
      })),
    )
    .filter(
      ({ range: [network, bits] }) => network.kind() === ip.kind() && ip.match([network, bits] as never),
    );
  const narrowest = Math.max(...fitting.map(({ range }) => range[1]));
  const group = fitting.filter(({ range }) => range[1] === narrowest).map(({ one }) => one);
  const wildcards = sni.split(".").map((_, i, labels) => `*.${labels.slice(i).join(".")}`);
  for (const name of [sni, ...wildcards.slice(1)]) {
    const found = group.find((one) => namesOf(one).includes(name));
    if (found !== undefined) {
      return found;
    }
  }
  return group.find((one) => namesOf(one).length === 0);
}

function namesOf(one: TcpChain | Listener): readonly string[] {
  return "routes" in one ? (one.tls?.serverNames ?? []) : one.serverNames;
}

/** Certificates for the servers of the Gateways; whose they are does not matter here. */
function secretsFor({ resources, proxy }: SimulationCase): string[] {
  const names = resources.flatMap(({ spec }) =>
    (spec?.servers ?? []).flatMap(({ tls }) => tls?.credentialName ?? []),
  );
  return [...new Set(names)].map((name) => secret(name, proxy.namespace));
}

/** `host:port` of a virtual host at a gateway: the port that the server has in the rules. */
function serverPort(vhost: string | undefined): number {
  return Number(vhost?.split(":").at(-1));
}

/**
 * istiod binds the port that the gateway's own service translates the server's to; here that is `--port-map`.
 * `undefined`: more than a map of one port to one other.
 */
function portMapOf({ calls }: SimulationCase): Map<number, number> | undefined {
  const map = new Map<number, number>();
  for (const { call, istiod_result: chosen } of calls) {
    const server = serverPort(chosen.vhost);
    if (Number.isNaN(server)) {
      continue;
    }
    if ((map.get(server) ?? call.port) !== call.port) {
      return undefined;
    }
    map.set(server, call.port);
  }
  return new Set(map.values()).size === map.size ? map : undefined;
}

/** istiod's test names no DNS domain for its resources, so its short names end with the namespace. */
function shortened(cluster: string | undefined): string | undefined {
  return cluster?.replace(".svc.cluster.local", "");
}

function ask(listener: Listener, { host = "", path }: SimulatedCall["call"]) {
  const vm = new FilterVm(FILTER);
  const root = vm.configure(encodeProgram(listener.routes));
  expect(root).toBeDefined();
  return vm.decide(root!, { authority: host, path });
}

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));

let secret: (name: string, namespace: string) => string;

beforeAll(async () => {
  const authority = await Authority.create("authority");
  const pair = await authority.issue({ names: ["any.example"] });
  secret = (name, namespace) => tlsSecret(name, pair, authority.certificate, namespace);
});

withRecordedCases<SimulationCase>("simulation.yaml", (cases) => {
  const tally = new Tally("simulation.yaml (calls)");
  afterAll(() => tally.print());

  test.each(cases.map((one, index) => [index + 1, one.test, one] as const))("%i %s", (_index, name, one) => {
    const asked = one.calls.filter((call) => {
      const why = whyLeft(one, call);
      if (why !== undefined) {
        tally.left(name, why);
      }
      return why === undefined;
    });
    if (asked.length === 0) {
      return;
    }
    const router = one.proxy.type === "router";
    const portMap = router ? portMapOf(one) : new Map<number, number>();
    if (portMap === undefined) {
      for (const _ of asked) {
        tally.left(name, "a server's port is bound twice, or two of them as one");
      }
      return;
    }
    const options: Partial<ProxyOptions> = {
      proxyNamespace: one.proxy.namespace,
      proxyLabels: one.proxy.labels ?? {},
      portMap,
      // Istio's default, which `lower` has not.
      outboundPolicy: one.test.includes("REGISTRY_ONLY") ? "REGISTRY_ONLY" : "ALLOW_ANY",
      ...(router ? { meshPort: 0 } : { meshListeners: true, meshPort: 15001 }),
    };
    const documents = [
      ...[...one.resources, ...(one.kubernetes ?? [])].map((document) => stringify(document)),
      ...secretsFor(one),
    ];
    const lowered = lower(documents.join("---\n"), options);
    if (tally.isPending(name, lowered.diagnostics)) {
      return;
    }
    for (const { name: callName, call, istiod_result: chosen } of asked) {
      const label = `${callName} ${JSON.stringify(call)}`;
      const { listeners, tcpChains = [] } = lowered.config;
      const taker = isPlainHttp(call)
        ? listeners.find(({ port, name }) => port === call.port && name !== "mesh")
        : takerOf([...tcpChains, ...listeners.filter((one) => one.tls)], call);
      if (!isPlainHttp(call) && !(taker && "routes" in taker)) {
        expect(shortened(taker?.destinations[0]?.cluster), label).toBe(shortened(chosen.cluster));
        tally.held();
        continue;
      }
      const listener = taker as Listener | undefined;
      if (chosen.error === "no listener matched") {
        expect(listener?.name, label).toBeUndefined();
        tally.held();
        continue;
      }
      expect(listener, `${label}: no listener on the port`).toBeDefined();
      const decision = ask(listener!, call);
      if (chosen.error === undefined && chosen.vhost !== "block_all") {
        expect(shortened(decision.cluster), label).toBe(shortened(chosen.cluster));
        const hosts = listener!.routes.virtualHosts.map((host) => host.name);
        expect(hosts, label).toContain(chosen.vhost);
      } else {
        expect(decision.status, label).toBe(statusOf(chosen));
      }
      tally.held();
    }
  });
});

function statusOf({ error, vhost }: SimulatedCall["istiod_result"]): number {
  return vhost === "block_all" ? 502 : error === "tls required, sending 301" ? 301 : 404;
}
