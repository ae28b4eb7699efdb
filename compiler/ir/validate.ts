/**
 * What the IR promises and its types cannot say: names are unique, what is named is there, shares and times are numbers
 * that Envoy takes. What is found here is a mistake in the compiler, never in somebody's rules: those were checked
 * before they were lowered. It costs one walk over the configuration, so it is done before every encoding.
 */

import { isIP } from "node:net";
import { stretchesOf } from "../lists/stretches.ts";
import type { HttpLimits, SocketLimits } from "./connection-limits.ts";
import { isLookedUp } from "./discovery.ts";
import type { DnsServer } from "./dns.ts";
import type { HealthCheck } from "./health-check.ts";
import type {
  AuthorityContent,
  CertificateContent,
  ClientTls,
  Cluster,
  Config,
  Destination,
  Endpoint,
  Fault,
  Forward,
  Listener,
  RetryPolicy,
  Route,
  Secret,
  ServerTls,
  TcpChain,
  UpstreamFault,
  VirtualHost,
} from "./ir.ts";
import { LEAST_PERIOD_MS, LONGEST_PERIOD_MS, MOST_REQUESTS, type RateLimit } from "./rate-limit.ts";

export interface IrProblem {
  /** The way to the value, as in `listeners[0].routes.virtualHosts[2].domains[0]`. */
  readonly path: string;
  readonly message: string;
}

/** Everything that is wrong with a configuration; empty when it is as it should be. */
export function validateConfig(config: Config): IrProblem[] {
  const problems = new Problems();
  const { listeners, clusters, upstreamFaults = [], tcpChains = [], secrets = [] } = config;
  const known: Known = {
    faults: new Map(upstreamFaults.map((fault) => [fault.name, fault])),
    secrets: new Map(secrets.map((secret) => [secret.name, secret.content.kind])),
  };
  problems.duration("detectionTimeoutMs", config.detectionTimeoutMs);
  problems.whole("workers", config.workers ?? 1, 1, 2 ** 31 - 1);
  problems.unique("listeners", listeners);
  problems.unique("clusters", clusters);
  problems.unique("upstreamFaults", upstreamFaults);
  problems.unique("tcpChains", tcpChains);
  problems.unique("secrets", secrets);
  problems.each("listeners", listeners, (listener) => checkListener(problems, listener, known));
  problems.each("clusters", clusters, (cluster) =>
    faultlessOnce(cluster, problems, cluster.tls === undefined, () => checkCluster(problems, cluster, known)),
  );
  problems.each("upstreamFaults", upstreamFaults, (fault) => checkUpstreamFault(problems, fault));
  problems.each("tcpChains", tcpChains, (chain) => checkTcpChain(problems, chain, known));
  problems.each("secrets", secrets, (secret) => checkSecret(problems, secret));
  if (config.dns !== undefined) {
    const { dns } = config;
    problems.within("dns", () => checkDns(problems, dns));
  }
  return problems.found;
}

/** Throws when something is wrong: for whoever is about to write what the configuration says. */
export function assertValid(config: Config): void {
  const problems = validateConfig(config);
  if (problems.length > 0) {
    const shown = problems.slice(0, MAX_SHOWN).map(({ path, message }) => `${path}: ${message}`);
    const rest = problems.length - shown.length;
    throw new Error(
      `the IR is not valid: ${shown.join("; ")}${rest > 0 ? `; and ${rest} more of the kind` : ""}`,
    );
  }
}

const MAX_SHOWN = 5;
const MILLION = 1_000_000;
const MAX_WEIGHT = 0xffff_ffff;
const MAX_PORT = 65_535;
/** Of HTTP/2 (RFC 9113, section 6.5.2). */
const MAX_HTTP2 = 0x7fff_ffff;
const MIN_WINDOW = 65_535;
/** Envoy counts them in 32 bits. */
const MAX_TRUSTED_PROXIES = 0xffff_ffff;

/** What the rest of a configuration may name. */
interface Known {
  readonly faults: ReadonlyMap<string, UpstreamFault>;
  readonly secrets: ReadonlyMap<string, Secret["content"]["kind"]>;
}

/** Collects what is found. A path is put together from the inside out, and only when there is something to say. */
class Problems {
  readonly found: IrProblem[] = [];

  add(path: string, message: string): void {
    this.found.push({ path, message });
  }

  /** `first`: the index of the first of them, where they are a part of a list. */
  each<T>(path: string, values: readonly T[], check: (value: T) => void, first = 0): void {
    for (let i = 0; i < values.length; i++) {
      const before = this.found.length;
      check(values[i]!);
      if (this.found.length > before) {
        this.#moveInto(`${path}[${first + i}]`, before);
      }
    }
  }

  within(path: string, check: () => void): void {
    const before = this.found.length;
    check();
    this.#moveInto(path, before);
  }

  #moveInto(outer: string, from: number): void {
    for (let i = from; i < this.found.length; i++) {
      const { path, message } = this.found[i]!;
      this.found[i] = { path: path === "" ? outer : `${outer}.${path}`, message };
    }
  }

  unique(path: string, values: readonly { readonly name: string }[]): void {
    const seen = new Set<string>();
    for (let i = 0; i < values.length; i++) {
      const { name } = values[i]!;
      if (seen.has(name)) {
        this.add(`${path}[${i}].name`, `"${name}" is already used`);
      }
      seen.add(name);
    }
  }

  /** A whole number between two others. */
  whole(path: string, value: number, least: number, most: number): void {
    if (!Number.isInteger(value) || value < least || value > most) {
      this.add(path, `${value} is not a whole number from ${least} to ${most}`);
    }
  }

  /** Milliseconds; a field that may be absent may be so here. */
  duration(path: string, value: number | undefined): void {
    if (value !== undefined && !(Number.isFinite(value) && value >= 0)) {
      this.add(path, `${value} is not a duration in milliseconds`);
    }
  }
}

const UPPER_CASE = /[A-Z]/;

/** Values in which nothing was found. They never change, and proxies of one mesh have most of them in common. */
const faultless = new WeakSet<object>();

/** `isByItself`: nothing else of the configuration has a say in it. */
function faultlessOnce(value: object, problems: Problems, isByItself: boolean, check: () => void): void {
  if (faultless.has(value)) {
    return;
  }
  const before = problems.found.length;
  check();
  if (isByItself && problems.found.length === before) {
    faultless.add(value);
  }
}

function checkListener(problems: Problems, listener: Listener, known: Known): void {
  const { role, port, tls, topology, proxyHeaders, routes, errorPages = [], compression } = listener;
  problems.whole("port", port, 0, MAX_PORT);
  if (topology !== undefined) {
    problems.whole("topology.trustedProxies", topology.trustedProxies, 0, MAX_TRUSTED_PROXIES);
    if (role !== "gateway") {
      problems.add("topology", "only an edge has one");
    }
  }
  if (proxyHeaders?.server?.kind === "named" && proxyHeaders.server.name === "") {
    problems.add("proxyHeaders.server.name", "it is empty");
  }
  if (tls !== undefined) {
    problems.within("tls", () => checkServerTls(problems, tls, known));
  }
  problems.each("errorPages", errorPages, ({ statuses }) =>
    problems.each("statuses", statuses, ({ least, most }) => {
      problems.whole("least", least, 400, most);
      problems.whole("most", most, least, 599);
    }),
  );
  if (compression?.algorithms.length === 0) {
    problems.add("compression.algorithms", "there is none");
  }
  const { virtualHosts } = routes;
  if (listener.limits !== undefined) {
    const { limits } = listener;
    problems.within("limits", () => checkHttpLimits(problems, limits));
  }
  problems.unique("routes.virtualHosts", virtualHosts);
  const domains = new Set<string>();
  problems.each("routes.virtualHosts", virtualHosts, (host) => {
    for (let i = 0; i < host.domains.length; i++) {
      const domain = host.domains[i]!;
      if (domains.has(domain)) {
        problems.add(`domains[${i}]`, `"${domain}" is served by another virtual host of the listener`);
      }
      domains.add(domain);
    }
  });
  let first = 0;
  for (const hosts of stretchesOf(virtualHosts)) {
    const start = first;
    faultlessOnce(hosts, problems, known.faults.size === 0, () =>
      problems.each("routes.virtualHosts", hosts, (host) => checkVirtualHost(problems, host, known), start),
    );
    first += hosts.length;
  }
}

/** By itself. */
function checkVirtualHost(problems: Problems, { domains, routes }: VirtualHost, known: Known): void {
  faultlessOnce(domains, problems, true, () =>
    problems.each("domains", domains, (domain) => {
      if (UPPER_CASE.test(domain)) {
        problems.add("", `"${domain}" is not in lower case`);
      }
    }),
  );
  faultlessOnce(routes, problems, known.faults.size === 0, () =>
    problems.each("routes", routes, (route) => checkRoute(problems, route, known)),
  );
}

function checkRoute(problems: Problems, { rateLimit, fault, action }: Route, known: Known): void {
  if (rateLimit !== undefined) {
    problems.within("rateLimit", () => checkRateLimit(problems, rateLimit));
  }
  if (fault !== undefined) {
    problems.within("fault", () => checkFault(problems, fault));
  }
  switch (action.kind) {
    case "forward":
      problems.within("action", () => checkForward(problems, action, known));
      break;
    case "redirect":
      if (![301, 302, 303, 307, 308].includes(action.status)) {
        problems.add("action.status", `${action.status} is not a status of a redirect`);
      }
      if (action.port !== undefined) {
        problems.whole("action.port", action.port, 0, MAX_PORT);
      }
      break;
    case "directResponse":
      problems.whole("action.status", action.status, 200, 599);
      break;
  }
}

function checkRateLimit(problems: Problems, { requests, periodMs, burst }: RateLimit): void {
  problems.whole("requests", requests, 1, MOST_REQUESTS);
  problems.whole("periodMs", periodMs, LEAST_PERIOD_MS, LONGEST_PERIOD_MS);
  problems.whole("burst", burst, 1, MOST_REQUESTS);
}

function checkForward(problems: Problems, action: Forward, known: Known): void {
  const { destinations, mirrors, timeoutMs, retry, sticky } = action;
  problems.duration("timeoutMs", timeoutMs);
  checkRetry(problems, retry);
  checkWeights(problems, destinations);
  if (sticky !== undefined && destinations.length === 1) {
    problems.add("sticky", "a single destination is not a split");
  }
  problems.each("destinations", destinations, ({ cluster, fault }: Destination) => {
    const named = fault === undefined ? undefined : known.faults.get(fault);
    if (fault !== undefined && named === undefined) {
      problems.add("fault", `there is no upstream fault "${fault}"`);
    } else if (named !== undefined && named.cluster !== cluster) {
      problems.add("fault", `"${fault}" leads to "${named.cluster}", not to "${cluster}"`);
    }
  });
  if (mirrors !== undefined) {
    problems.each("mirrors", mirrors, ({ perMillion }) =>
      problems.whole("perMillion", perMillion, 0, MILLION),
    );
  }
}

/** One may be 0: nobody goes there, but for those whom something else sends. */
function checkWeights(problems: Problems, destinations: readonly { readonly weight: number }[]): void {
  let sum = 0;
  for (const [index, { weight }] of destinations.entries()) {
    problems.whole(`destinations[${index}].weight`, weight, 0, MAX_WEIGHT);
    sum += weight;
  }
  if (!(sum > 0)) {
    problems.add("destinations", destinations.length === 0 ? "there is none" : "all weights are 0");
  }
}

function checkRetry(problems: Problems, retry: RetryPolicy): void {
  problems.whole("retry.attempts", retry.attempts, 0, MAX_WEIGHT);
  problems.duration("retry.perTryTimeoutMs", retry.perTryTimeoutMs);
  problems.duration("retry.backOffMs", retry.backOffMs);
  if (retry.attempts > 0 && retry.retryOn.length === 0) {
    problems.add("retry.retryOn", "there is nothing to retry on");
  }
  for (const [index, status] of retry.retriableStatusCodes.entries()) {
    problems.whole(`retry.retriableStatusCodes[${index}]`, status, 100, 999);
  }
}

function checkFault(problems: Problems, { delay, abort }: Fault): void {
  if (delay !== undefined) {
    problems.duration("delay.fixedMs", delay.fixedMs);
    problems.whole("delay.perMillion", delay.perMillion, 0, MILLION);
  }
  if (abort !== undefined) {
    const [least, most] = abort.kind === "grpc" ? [0, 16] : [200, 599];
    problems.whole("abort.status", abort.status, least, most);
    problems.whole("abort.perMillion", abort.perMillion, 0, MILLION);
  }
}

function checkUpstreamFault(problems: Problems, { fault, retry }: UpstreamFault): void {
  problems.within("fault", () => checkFault(problems, fault));
  checkRetry(problems, retry);
}

function checkHttpLimits(problems: Problems, limits: HttpLimits): void {
  checkSocketLimits(problems, limits);
  problems.duration("idleTimeoutMs", limits.idleTimeoutMs);
  problems.duration("maxConnectionDurationMs", limits.maxConnectionDurationMs);
  problems.duration("drainTimeoutMs", limits.drainTimeoutMs);
  problems.duration("requestHeadersTimeoutMs", limits.requestHeadersTimeoutMs);
  problems.duration("requestTimeoutMs", limits.requestTimeoutMs);
  problems.duration("streamIdleTimeoutMs", limits.streamIdleTimeoutMs);
  problems.duration("flushTimeoutMs", limits.flushTimeoutMs);
  problems.duration("maxStreamDurationMs", limits.maxStreamDurationMs);
  const { maxConcurrentStreams = 1, streamWindowBytes, connectionWindowBytes } = limits.http2 ?? {};
  problems.whole("http2.maxConcurrentStreams", maxConcurrentStreams, 1, MAX_HTTP2);
  problems.whole("http2.streamWindowBytes", streamWindowBytes ?? MIN_WINDOW, MIN_WINDOW, MAX_HTTP2);
  problems.whole("http2.connectionWindowBytes", connectionWindowBytes ?? MIN_WINDOW, MIN_WINDOW, MAX_HTTP2);
}

function checkSocketLimits(
  problems: Problems,
  { bufferBytes, maxConnections, handshakeTimeoutMs }: SocketLimits,
): void {
  problems.whole("bufferBytes", bufferBytes ?? 0, 0, MAX_WEIGHT);
  problems.whole("maxConnections", maxConnections ?? 1, 1, MAX_WEIGHT);
  problems.duration("handshakeTimeoutMs", handshakeTimeoutMs);
}

function checkTcpChain(problems: Problems, chain: TcpChain, known: Known): void {
  problems.whole("port", chain.port, 0, MAX_PORT);
  problems.duration("idleTimeoutMs", chain.idleTimeoutMs);
  problems.duration("maxConnectionDurationMs", chain.maxConnectionDurationMs);
  checkWeights(problems, chain.destinations);
  const { tls, limits } = chain;
  if (limits !== undefined) {
    problems.within("limits", () => checkSocketLimits(problems, limits));
  }
  if (tls !== undefined) {
    problems.within("tls", () => checkServerTls(problems, tls, known));
  }
}

function checkCluster(problems: Problems, cluster: Cluster, known: Known): void {
  const { tls, discovery } = cluster;
  problems.whole("bufferBytes", cluster.bufferBytes ?? 0, 0, MAX_WEIGHT);
  problems.duration("connectTimeoutMs", cluster.connectTimeoutMs);
  problems.duration("idleTimeoutMs", cluster.idleTimeoutMs);
  problems.duration("maxConnectionDurationMs", cluster.maxConnectionDurationMs);
  if (cluster.zoneAware !== undefined && cluster.byLocalityWeight) {
    problems.add("zoneAware", "localities are chosen by weight, too");
  }
  problems.each("discovery.endpoints", discovery.endpoints, (endpoint: Endpoint) => {
    if (!endpoint.address.startsWith("unix:")) {
      problems.whole("port", endpoint.port, 1, MAX_PORT);
    }
    problems.whole("weight", endpoint.weight, 0, MAX_WEIGHT);
    problems.whole("priority", endpoint.priority ?? 0, 0, MAX_WEIGHT);
    problems.whole("healthPort", endpoint.healthPort ?? 1, 1, MAX_PORT);
  });
  if (cluster.healthCheck !== undefined) {
    const { healthCheck } = cluster;
    problems.within("healthCheck", () => checkHealthCheck(problems, healthCheck, cluster));
  }
  if (tls !== undefined) {
    problems.within("tls", () => checkClientTls(problems, tls, known));
  }
}

function checkHealthCheck(problems: Problems, check: HealthCheck, { discovery, protocol }: Cluster): void {
  const { asks, panicPercent = 0 } = check;
  problems.duration("intervalMs", check.intervalMs);
  problems.duration("timeoutMs", check.timeoutMs);
  problems.whole("unhealthyThreshold", check.unhealthyThreshold, 1, MAX_WEIGHT);
  problems.whole("healthyThreshold", check.healthyThreshold, 1, MAX_WEIGHT);
  problems.whole("panicPercent", panicPercent, 0, 100);
  if (isLookedUp(discovery.kind)) {
    problems.add("", "there are no endpoints to check");
  }
  if (asks.protocol === "grpc" && (protocol === "http1" || protocol === "tcp")) {
    problems.add("asks", `gRPC needs HTTP/2, and the cluster speaks ${protocol}`);
  }
  if ("statuses" in asks) {
    problems.each("asks.statuses", asks.statuses, ([from, to]) => {
      problems.whole("[0]", from, 100, 599);
      problems.whole("[1]", to, from, 599);
    });
  }
}

function checkServerTls(
  problems: Problems,
  { certificates, authority, clientCertificate }: ServerTls,
  { secrets }: Known,
): void {
  if (certificates.length === 0) {
    problems.add("certificates", "there is none");
  }
  if (clientCertificate !== "none" && authority === undefined) {
    problems.add("authority", "there is none to verify clients by");
  }
  problems.each("certificates", certificates, (name) =>
    checkSecretNamed(problems, "", name, "certificate", secrets),
  );
  checkSecretNamed(problems, "authority", authority, "authority", secrets);
}

function checkClientTls(problems: Problems, { certificate, authority }: ClientTls, { secrets }: Known): void {
  checkSecretNamed(problems, "certificate", certificate, "certificate", secrets);
  checkSecretNamed(problems, "authority", authority, "authority", secrets);
}

function checkSecretNamed(
  problems: Problems,
  path: string,
  name: string | undefined,
  kind: (CertificateContent | AuthorityContent)["kind"],
  secrets: Known["secrets"],
): void {
  if (name === undefined) {
    return;
  }
  const found = secrets.get(name);
  if (found !== kind) {
    problems.add(
      path,
      found === undefined ? `there is no secret "${name}"` : `"${name}" is of kind ${found}`,
    );
  }
}

function checkDns(problems: Problems, { port, domains }: DnsServer): void {
  problems.whole("port", port, 1, MAX_PORT);
  problems.unique("domains", domains);
  problems.each("domains", domains, ({ name, addresses }) => {
    if (UPPER_CASE.test(name) || name.endsWith(".")) {
      problems.add("name", `"${name}" is not in lower case, or ends with a dot`);
    }
    if (addresses.length === 0 || addresses.some((address) => isIP(address) === 0)) {
      problems.add("addresses", "there is none, or one of them is not an IP address");
    }
  });
}

function checkSecret(problems: Problems, { content }: Secret): void {
  if (content.kind === "certificate" ? content.chain === "" : content.trusted === "") {
    problems.add("content", "there is nothing in it");
  }
}
