/**
 * Sees each rule at work: sends requests that the rule takes, and holds what came back against what the rule says. A
 * probe that could not be made for a rule says so and fits.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { AdminClient, Cluster, Config, Fault, Forward, Route } from "../../compiler/index.ts";
import type { Answer, Bookinfo, Service } from "../../envoy/bookinfo/services/index.ts";
import { type Ask, type Clients, servedBy } from "./client.ts";
import { type Check, duration, isLate, type Row, seconds, share } from "./report.ts";
import { appOf, pathOf, requestFor } from "./requests.ts";
import {
  type DestinationRule,
  type GatewayRule,
  type HttpRule,
  type Rule,
  type ServiceEntryRule,
  whereIs,
} from "./rules.ts";

export interface Probing {
  readonly config: Config;
  readonly clients: Clients;
  readonly bookinfo: Bookinfo;
  readonly admin: AdminClient;
  readonly meshPort: number;
  /** Once it is aborted, nothing more is asked. */
  readonly stop: AbortSignal;
}

/** Requests of a rule that leaves something to chance, and of one that does not. */
const MANY = 1000;
const FEW = 20;
const AT_ONCE = 8;
/** What a busy machine may add to a time. */
const SLACK_MS = 2_000;
/** What Envoy may need to take note of something. */
const SETTLE_MS = 100;

/** All rules, in the order of the files. */
export async function probeRules(rules: readonly Rule[], probing: Probing): Promise<Row[]> {
  const rows = new Map<Rule, Promise<Checks>>();
  const isLimited = (rule: Rule) => rule.kind === "destination" || rule.kind === "serviceEntry";
  for (const rule of rules.filter((rule) => !isLimited(rule))) {
    rows.set(rule, probe(rule, probing));
  }
  await Promise.all(rows.values());
  // Alone and one after another: a circuit breaker counts what others have under way at the service, too.
  for (const rule of rules.filter(isLimited)) {
    rows.set(rule, probe(rule, probing));
    await rows.get(rule);
  }
  return Promise.all(
    rules.map(async (rule) => {
      const { checks, note } = await rows.get(rule)!;
      const where = whereIs(rule.span);
      return { resource: rule.resource, rule: rule.name, where, checks, ...(note !== undefined && { note }) };
    }),
  );
}

interface Checks {
  readonly checks: readonly Check[];
  readonly note?: string;
}

async function probe(rule: Rule, probing: Probing): Promise<Checks> {
  if (probing.stop.aborted) {
    return { checks: [], note: "stopped" };
  }
  try {
    return await probeKind(rule, probing);
  } catch (error) {
    // No answer at all is what was observed.
    const observed = (error as Error).message;
    return { checks: [{ asked: "", expected: "an answer", observed, fits: false }] };
  }
}

function probeKind(rule: Rule, probing: Probing): Promise<Checks> {
  switch (rule.kind) {
    case "http":
      return probeHttpRule(rule, probing);
    case "gateway":
      return probeGateway(rule, probing);
    case "serviceEntry":
      return probeServiceEntry(rule, probing);
    case "destination":
      return probeDestinationRule(rule, probing);
  }
}

// VirtualService: where requests go, faults, retries, timeouts

async function probeHttpRule(rule: HttpRule, probing: Probing): Promise<Checks> {
  const checks: Check[] = [];
  for (const route of rule.routes) {
    const ask = requestFor(rule.listener, rule.host, route);
    if (ask === undefined) {
      continue;
    }
    checks.push(...(await probeDecision(rule, route, ask, probing)));
    if (route.action.kind === "forward" && route.match.path === undefined) {
      checks.push(...(await probePatience(rule, route.action, route.fault, ask, probing)));
    }
    if (rule.routes.length > 1) {
      break; // the matches of a rule share its action
    }
  }
  return checks.length > 0
    ? { checks }
    : { checks, note: "not tested: the demo cannot make a request for this match" };
}

async function probeDecision(rule: HttpRule, route: Route, ask: Ask, probing: Probing): Promise<Check[]> {
  const { action, fault } = route;
  if (action.kind !== "forward") {
    const answers = await probing.clients.send(rule.listener.port, ask, FEW, AT_ONCE);
    const hits = answers.filter(({ status }) => status === action.status).length;
    return [{ asked: askedText(ask, FEW), ...share(`${action.status} from the proxy`, 1, hits, FEW) }];
  }
  const delayed = (fault?.delay?.fixedMs ?? 0) > 0;
  const left =
    isChance(fault?.delay?.perMillion) ||
    isChance(fault?.abort?.perMillion) ||
    action.destinations.length > 1;
  const count = delayed ? FEW * (left ? 5 : 1) : left ? MANY : FEW;
  const answers = await probing.clients.send(
    rule.listener.port,
    ask,
    count,
    delayed || !left ? count : AT_ONCE,
  );
  const asked = askedText(ask, count);
  const checks: Check[] = [];

  const aborted = (fault?.abort?.perMillion ?? 0) / 1e6;
  const total = action.destinations.reduce((sum, { weight }) => sum + weight, 0);
  let explained = 0;
  for (const { cluster, weight } of action.destinations) {
    const targets = targetsOf(cluster, probing);
    const hits = answers.filter((answer) => targets.includes(servedBy(answer) ?? "")).length;
    explained += hits;
    const name = targetName(cluster, targets);
    checks.push({ asked, ...share(`to ${name}`, (1 - aborted) * (weight / total), hits, count) });
  }
  if (fault?.abort !== undefined && fault.abort.kind === "http") {
    const { status } = fault.abort;
    const hits = answers.filter((answer) => isAbort(answer, status)).length;
    explained += hits;
    checks.push({ asked, ...share(`aborted with ${status}`, aborted, hits, count) });
  }
  if (fault?.delay !== undefined) {
    const { fixedMs, perMillion } = fault.delay;
    const late = answers.filter(({ elapsedMs }) => isLate(elapsedMs, fixedMs));
    if (perMillion < 1e6) {
      checks.push({ asked, ...share(`delayed ${seconds(fixedMs)}`, perMillion / 1e6, late.length, count) });
    } else {
      checks.push({
        asked,
        ...duration(
          "delayed",
          fixedMs,
          answers.map(({ elapsedMs }) => elapsedMs),
          SLACK_MS,
        ),
      });
    }
  }
  if (explained < count) {
    const others = answers.filter(({ status }) => status >= 400).map(describe);
    checks.push({
      asked,
      expected: "nothing else",
      observed: `${count - explained} other: ${[...new Set(others)].slice(0, 3).join(", ") || "another service"}`,
      fits: false,
    });
  }
  return checks;
}

/** Retries and timeouts, where the rule sets any. */
async function probePatience(
  rule: HttpRule,
  { timeoutMs, retry }: Forward,
  fault: Fault | undefined,
  ask: Ask,
  { clients }: Probing,
): Promise<Check[]> {
  if (fault !== undefined) {
    return []; // it would hide what is looked for
  }
  const checks: Check[] = [];
  const retried = retry.retryOn.some((condition) => condition === "5xx" || condition === "gateway-error");
  if (retried) {
    const count = FEW * 5;
    const flaky = { ...ask, path: "/flaky" };
    const answers = await clients.send(rule.listener.port, flaky, count, AT_ONCE);
    const tries = retry.attempts > 0 ? 2 : 1;
    const hits = answers.filter(({ headers }) => headers["x-tries"] === String(tries)).length;
    const what = tries === 2 ? "200 on the second try" : "503, not retried";
    checks.push({ asked: askedText(flaky, count), ...share(what, 1, hits, count) });
  }
  if (timeoutMs > 0) {
    const count = 5;
    const slow = { ...ask, path: `/slow?ms=${timeoutMs + 2 * SLACK_MS}` };
    const answers = await clients.send(rule.listener.port, slow, count, count);
    const asked = askedText(slow, count);
    const hits = answers.filter(({ status }) => status === 504).length;
    checks.push({ asked, ...share("504 from the proxy", 1, hits, count) });
    const bound = retry.perTryTimeoutMs > 0 ? Math.min(retry.perTryTimeoutMs, timeoutMs) : timeoutMs;
    const times = answers.map(({ elapsedMs }) => elapsedMs);
    checks.push({ asked, ...duration("after", bound, times, SLACK_MS) });
  }
  return checks;
}

// Gateway

async function probeGateway(rule: GatewayRule, { clients }: Probing): Promise<Checks> {
  if (rule.listeners.length === 0) {
    return { checks: [], note: "this proxy opens none of its servers" };
  }
  const checks: Check[] = [];
  for (const { port, routes } of rule.listeners) {
    const takesAll = routes.virtualHosts.some(({ routes: all }) =>
      all.some(({ match: { path } }) => path === undefined || (path.kind !== "exact" && path.value === "/")),
    );
    if (!takesAll) {
      const ask = { host: `127.0.0.1:${port}`, path: "/no-such-path" };
      const answers = await clients.send(port, ask, FEW, AT_ONCE);
      const hits = answers.filter((answer) => answer.status === 404 && servedBy(answer) === undefined).length;
      checks.push({ asked: askedText(ask, FEW), ...share("404 from the proxy", 1, hits, FEW) });
    }
  }
  return checks.length > 0 ? { checks } : { checks, note: "shown by the rules that name it" };
}

// ServiceEntry

async function probeServiceEntry(rule: ServiceEntryRule, probing: Probing): Promise<Checks> {
  const checks: Check[] = [];
  for (const host of rule.hosts.filter((name) => !name.startsWith("*"))) {
    const cluster = probing.config.clusters.find(({ name }) => name.endsWith(`||${host}`));
    const ask = { host, path: pathOf(host) };
    const answers = await probing.clients.send(probing.meshPort, ask, FEW, 1);
    const targets = cluster === undefined ? [] : targetsOf(cluster.name, probing);
    const hits = answers.filter((answer) => targets.includes(servedBy(answer) ?? "")).length;
    checks.push({ asked: askedText(ask, FEW), ...share(`to ${appOf(host)}, outside`, 1, hits, FEW) });
  }
  return { checks };
}

// DestinationRule: subsets, connection pool, outlier detection

async function probeDestinationRule(rule: DestinationRule, probing: Probing): Promise<Checks> {
  const checks: Check[] = [];
  const subsets = rule.clusters.filter(({ name }) => subsetOf(name) !== "");
  if (subsets.length > 0) {
    checks.push(await probeSubsets(subsets, probing));
  }
  const whole = rule.clusters.find(({ name }) => subsetOf(name) === "") ?? rule.clusters[0];
  if (whole !== undefined) {
    const service = servicesOf(whole, probing.bookinfo)[0];
    const { maxConnections, maxPendingRequests } = whole.limits;
    if (service !== undefined && maxConnections !== undefined && maxPendingRequests !== undefined) {
      checks.push(
        ...(await probePool(rule, service, maxConnections + maxPendingRequests, maxConnections, probing)),
      );
    }
    const errors = whole.outlierDetection?.consecutive5xx ?? 0;
    if (service !== undefined && errors > 0) {
      checks.push(...(await probeOutliers(rule, service, whole, errors, probing)));
    }
  }
  return checks.length > 0 ? { checks } : { checks, note: "has no effect that can be seen from outside" };
}

/** Which pods Envoy holds for each subset, by its own account. */
async function probeSubsets(subsets: readonly Cluster[], { admin, bookinfo }: Probing): Promise<Check> {
  const report = (await admin.clusters()) as ClustersReport;
  const observed: string[] = [];
  let fits = true;
  for (const cluster of subsets) {
    const status = report.cluster_statuses?.find(({ name }) => name === cluster.name);
    const ports = (status?.host_statuses ?? []).map(
      ({ address }) => address?.socket_address?.port_value ?? 0,
    );
    const names = ports.map((port) => nameOfPort(port, bookinfo)).sort();
    const expected = servicesOf(cluster, bookinfo).map(nameOf).sort();
    fits &&= names.join() === expected.join() && names.length > 0;
    observed.push(names.join(" + ") || "none");
  }
  return {
    asked: "Envoy, for the endpoints of each subset",
    expected: subsets.map(({ name }) => subsetOf(name)).join(", "),
    observed: observed.join(", "),
    fits,
  };
}

interface ClustersReport {
  readonly cluster_statuses?: readonly {
    readonly name: string;
    readonly host_statuses?: readonly {
      readonly address?: { readonly socket_address?: { readonly port_value?: number } };
    }[];
  }[];
}

async function probePool(
  rule: DestinationRule,
  service: Service,
  accepted: number,
  atOnce: number,
  { clients, meshPort }: Probing,
): Promise<Check[]> {
  const more = accepted - atOnce + 9;
  const ask = { host: hostFor(rule), path: "/slow?ms=1000" };
  service.seen.mostAtOnce = 0;
  // One after another, since a request whose connection is being made counts as one that waits.
  const first: Promise<Answer[]>[] = [];
  for (let i = 0; i < atOnce; i++) {
    first.push(clients.send(meshPort, ask, 1, 1));
    await sleep(Math.min(SETTLE_MS, 500 / atOnce));
  }
  const answers = (await Promise.all([...first, clients.send(meshPort, ask, more, more)])).flat();
  const count = atOnce + more;
  const refused = answers.filter((answer) => answer.status === 503 && servedBy(answer) === undefined).length;
  const asked = `${askedText(ask, count)}, at once`;
  return [
    {
      asked,
      expected: `at most ${atOnce} at once at the service`,
      observed: `${service.seen.mostAtOnce}`,
      fits: service.seen.mostAtOnce <= atOnce && service.seen.mostAtOnce > 0,
    },
    {
      asked,
      expected: `${count - accepted} refused with 503`,
      observed: `${refused}`,
      fits: refused === count - accepted,
    },
  ];
}

async function probeOutliers(
  rule: DestinationRule,
  service: Service,
  { outlierDetection }: Cluster,
  errors: number,
  { clients, meshPort, stop }: Probing,
): Promise<Check[]> {
  const host = hostFor(rule);
  const failing = { host, path: "/status/503" };
  const good = { host, path: pathOf(host) };
  await clients.send(meshPort, failing, errors, 1);
  const opened = performance.now();
  await sleep(2 * SETTLE_MS);
  const before = service.seen.requests;
  const answers = await clients.send(meshPort, good, FEW, AT_ONCE);
  const reached = service.seen.requests - before;
  const refused = answers.filter(({ status }) => status === 503).length;
  const asked = `${askedText(failing, errors)}, then ${FEW} × ${good.path}`;

  // Envoy looks after each interval, and keeps a host out longer each time.
  const baseMs = outlierDetection?.baseEjectionTimeMs ?? 30_000;
  const intervalMs = outlierDetection?.intervalMs ?? 10_000;
  const patience = Math.min(3 * baseMs, 30_000) + 2 * intervalMs;
  let closedAfter: number | undefined;
  while (closedAfter === undefined && !stop.aborted && performance.now() - opened < patience) {
    await sleep(SETTLE_MS);
    const [answer] = await clients.send(meshPort, good, 1, 1);
    closedAfter = answer?.status === 200 ? performance.now() - opened : undefined;
  }
  return [
    {
      asked,
      expected: `open: 503, nothing reaches the service`,
      observed: `${refused} × 503, ${reached} reached it`,
      fits: refused === FEW && reached === 0,
    },
    {
      asked,
      expected: `closed again after ${seconds(baseMs)}`,
      observed:
        closedAfter === undefined ? `not within ${seconds(patience)}` : `after ${seconds(closedAfter)}`,
      // Envoy counts from the last error, which was a moment before our clock started.
      fits: closedAfter !== undefined && closedAfter >= baseMs - 250,
    },
  ];
}

function hostFor({ host, clusters }: DestinationRule): string {
  const port = clusters[0]?.name.split("|")[1] ?? "80";
  return port === "80" ? host : `${host}:${port}`;
}

// Names

/** Which services the endpoints of a cluster are. */
function targetsOf(clusterName: string, { config, bookinfo }: Probing): string[] {
  const cluster = config.clusters.find(({ name }) => name === clusterName);
  return cluster === undefined ? [] : servicesOf(cluster, bookinfo).map(nameOf);
}

function servicesOf({ discovery }: Cluster, { services, quotes }: Bookinfo): Service[] {
  const ports = new Set(discovery.endpoints.map(({ port }) => port));
  return [...services, quotes].filter(({ port }) => ports.has(port));
}

function nameOfPort(port: number, { services, quotes }: Bookinfo): string {
  const service = [...services, quotes].find((candidate) => candidate.port === port);
  return service === undefined ? `port ${port}` : nameOf(service);
}

function nameOf({ app, version }: Service): string {
  return `${app}-${version}`;
}

function targetName(cluster: string, targets: readonly string[]): string {
  const [, , subset, host] = cluster.split("|");
  const app = appOf(host ?? cluster);
  return subset === "" || subset === undefined
    ? targets.length === 1
      ? targets[0]!
      : app
    : `${app} ${subset}`;
}

function subsetOf(cluster: string): string {
  return cluster.split("|")[2] ?? "";
}

function isChance(perMillion: number | undefined): boolean {
  return perMillion !== undefined && perMillion > 0 && perMillion < 1e6;
}

function isAbort(answer: Answer, status: number): boolean {
  return answer.status === status && answer.body === "fault filter abort";
}

function describe(answer: Answer): string {
  return `${answer.status} from ${servedBy(answer) ?? "the proxy"}`;
}

function askedText({ host, path, headers = {} }: Ask, count: number): string {
  const named = Object.entries(headers).map(([name, value]) => `, ${name}: ${value}`);
  return `${count} × ${host}${path}${named.join("")}`;
}
