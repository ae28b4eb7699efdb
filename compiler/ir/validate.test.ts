import { expect, test } from "vitest";
import type { Cluster, Config, Forward, Listener, Route, ServerTls, TcpChain, UpstreamFault } from "./ir.ts";
import { DEFAULT_RETRY } from "./route-class.ts";
import { assertValid, validateConfig } from "./validate.ts";

const FORWARD: Forward = {
  kind: "forward",
  destinations: [{ cluster: "a", weight: 1 }],
  timeoutMs: 0,
  retry: DEFAULT_RETRY,
};
const ROUTE: Route = { name: "", match: { headers: [], queryParams: [] }, action: FORWARD };
const CLUSTER: Cluster = {
  name: "a",
  discovery: { kind: "eds", endpoints: [{ address: "10.0.0.1", port: 80, weight: 1 }] },
  protocol: "http1",
  connectTimeoutMs: 10_000,
  loadBalancer: { kind: "random" },
  limits: {},
};
const CHAIN: TcpChain = {
  name: "t",
  role: "gateway",
  address: "0.0.0.0",
  port: 9000,
  serverNames: [],
  destinations: [{ cluster: "a", weight: 1 }],
};
const FAULT: UpstreamFault = {
  name: "fault|x|a",
  cluster: "a",
  fault: { abort: { kind: "http", status: 503, perMillion: 1 } },
  retry: {
    attempts: 0,
    perTryTimeoutMs: 0,
    retryOn: [],
    retriableStatusCodes: [],
    avoidPreviousHosts: true,
    avoidPreviousPriorities: false,
  },
};

function config(routes: readonly Route[] = [ROUTE], more: Partial<Config> = {}): Config {
  const virtualHosts = [{ name: "a", domains: ["a.example"], routes }];
  return {
    listeners: [
      {
        name: "mesh",
        role: "mesh",
        address: "0.0.0.0",
        port: 80,
        routes: { ignorePortInHost: true, virtualHosts },
      },
    ],
    clusters: [CLUSTER],
    ...more,
  };
}

const withAction = (action: Partial<Forward>) => config([{ ...ROUTE, action: { ...FORWARD, ...action } }]);
const paths = (broken: Config) => validateConfig(broken).map(({ path }) => path);
const ROUTE_PATH = "listeners[0].routes.virtualHosts[0].routes[0]";

test("nothing is wrong with what is right", () => {
  expect(validateConfig(config())).toEqual([]);
  expect(() => assertValid(config())).not.toThrow();
});

test("names are unique", () => {
  expect(paths(config([], { clusters: [CLUSTER, CLUSTER] }))).toEqual(["clusters[1].name"]);
  expect(paths(config([], { tcpChains: [CHAIN, CHAIN] }))).toEqual(["tcpChains[1].name"]);
  expect(paths(config([], { upstreamFaults: [FAULT, FAULT] }))).toEqual(["upstreamFaults[1].name"]);
  const [listener] = config().listeners as [Listener];
  expect(paths({ listeners: [listener, listener], clusters: [] })).toEqual(["listeners[1].name"]);
});

test("virtual hosts and domains are unique in a listener, and domains in lower case", () => {
  const [listener] = config().listeners as [Listener];
  const of = (...hosts: readonly (readonly [name: string, domain: string])[]): Config => ({
    listeners: [
      {
        ...listener,
        routes: {
          ignorePortInHost: true,
          virtualHosts: hosts.map(([name, domain]) => ({ name, domains: [domain], routes: [] })),
        },
      },
    ],
    clusters: [],
  });
  expect(paths(of(["a", "x"], ["a", "y"]))).toEqual(["listeners[0].routes.virtualHosts[1].name"]);
  expect(paths(of(["a", "x"], ["b", "x"]))).toEqual(["listeners[0].routes.virtualHosts[1].domains[0]"]);
  expect(paths(of(["a", "X"]))).toEqual(["listeners[0].routes.virtualHosts[0].domains[0]"]);
});

test("weights are whole, and not all of them 0", () => {
  const of = (...weights: number[]) =>
    paths(withAction({ destinations: weights.map((weight) => ({ cluster: "a", weight })) }));
  expect(of(1, 0)).toEqual([]);
  expect(of(0, 0)).toEqual([`${ROUTE_PATH}.action.destinations`]);
  expect(of()).toEqual([`${ROUTE_PATH}.action.destinations`]);
  expect(of(1, 0.5)).toEqual([`${ROUTE_PATH}.action.destinations[1].weight`]);
  expect(of(-1, 2)).toEqual([`${ROUTE_PATH}.action.destinations[0].weight`]);
  expect(paths(config([], { tcpChains: [{ ...CHAIN, destinations: [] }] }))).toEqual([
    "tcpChains[0].destinations",
  ]);
});

test("a fault that a destination names is there, and before its cluster", () => {
  const named = (cluster: string) =>
    withAction({ destinations: [{ cluster, fault: FAULT.name, weight: 1 }] });
  const path = `${ROUTE_PATH}.action.destinations[0].fault`;
  expect(paths({ ...named("a"), upstreamFaults: [FAULT] })).toEqual([]);
  expect(paths(named("a"))).toEqual([path]);
  expect(paths({ ...named("b"), upstreamFaults: [FAULT] })).toEqual([path]);
});

test("a secret that TLS names is there, and of its kind", () => {
  const tls: ServerTls = {
    subjectAltNames: [],
    serverNames: [],
    certificates: ["pair"],
    clientCertificate: "none",
    spkiHashes: [],
    certificateHashes: [],
    cipherSuites: [],
    curves: [],
  };
  const pair = (name: string, trusted: string) =>
    ({ name, content: { kind: "authority", trusted }, inFiles: true }) as const;
  const of = (more: Partial<Config>) => paths(config([], more));
  expect(of({ tcpChains: [{ ...CHAIN, tls }] })).toEqual(["tcpChains[0].tls.certificates[0]"]);
  expect(of({ tcpChains: [{ ...CHAIN, tls }], secrets: [pair("pair", "/ca.pem")] })).toEqual([
    "tcpChains[0].tls.certificates[0]",
  ]);
  const client = { ...CLUSTER, tls: { subjectAltNames: [], authority: "ca" } };
  expect(of({ clusters: [client] })).toEqual(["clusters[0].tls.authority"]);
  expect(of({ clusters: [client], secrets: [pair("ca", "/ca.pem")] })).toEqual([]);
  expect(of({ secrets: [pair("ca", "")] })).toEqual(["secrets[0].content"]);
});

test("shares are of a million, and statuses such as there are", () => {
  const delayed = (perMillion: number) =>
    paths(config([{ ...ROUTE, fault: { delay: { fixedMs: 1, perMillion } } }]));
  expect(delayed(1_000_000)).toEqual([]);
  expect(delayed(1_000_001)).toEqual([`${ROUTE_PATH}.fault.delay.perMillion`]);
  expect(paths(withAction({ mirrors: [{ cluster: "a", perMillion: -1 }] }))).toEqual([
    `${ROUTE_PATH}.action.mirrors[0].perMillion`,
  ]);
  const aborted = (kind: "http" | "grpc", status: number) =>
    paths(config([{ ...ROUTE, fault: { abort: { kind, status, perMillion: 1 } } }]));
  expect(aborted("grpc", 16)).toEqual([]);
  expect(aborted("grpc", 17)).toEqual([`${ROUTE_PATH}.fault.abort.status`]);
  expect(aborted("http", 17)).toEqual([`${ROUTE_PATH}.fault.abort.status`]);
  const answered = (status: number) =>
    paths(config([{ ...ROUTE, action: { kind: "directResponse", status, body: "" } }]));
  expect(answered(200)).toEqual([]);
  expect(answered(99)).toEqual([`${ROUTE_PATH}.action.status`]);
});

test("durations are not negative", () => {
  expect(paths(withAction({ timeoutMs: -1 }))).toEqual([`${ROUTE_PATH}.action.timeoutMs`]);
  expect(paths(withAction({ timeoutMs: Number.NaN }))).toEqual([`${ROUTE_PATH}.action.timeoutMs`]);
  expect(paths(config([], { clusters: [{ ...CLUSTER, connectTimeoutMs: -1 }] }))).toEqual([
    "clusters[0].connectTimeoutMs",
  ]);
});

test("a split by something needs a split", () => {
  expect(paths(withAction({ sticky: { kind: "sourceIp" } }))).toEqual([`${ROUTE_PATH}.action.sticky`]);
});

test("what is thrown names the first of them and counts the rest", () => {
  const broken = config(
    Array.from({ length: 7 }, () => ({ ...ROUTE, action: { ...FORWARD, timeoutMs: -1 } })),
  );
  expect(() => assertValid(broken)).toThrow(`${ROUTE_PATH}.action.timeoutMs`);
  expect(() => assertValid(broken)).toThrow("2 more");
});
