/** What `sluice diff` has to say, as data: all formats are made from it. Fields are added, never changed or removed. */

import type { Route } from "../../ir/ir.ts";
import { place, type RulePlace } from "../../ir/origin.ts";
import { compareStrings } from "../../ir/text.ts";
import type { AskedRequest } from "../request/asked.ts";
import type { Claims } from "../request/claims.ts";
import { urlOf } from "../request/request-at.ts";
import type { ClusterSettingChange } from "./cluster-settings.ts";
import type { ConnectionChange } from "./connections.ts";
import { describeRoute } from "./describe.ts";
import type { Cut, Diff, ProtocolChange } from "./diff.ts";
import type { SettingChange } from "./listener-settings.ts";
import type { DnsServerChange, NameChange } from "./names.ts";
import type { NotCompared } from "./not-compared.ts";

/** What two sets of rules decide differently. Fields are added, never changed or removed. */
export interface DiffReport {
  readonly differences: readonly ReportedDifference[];
  readonly addedListeners: readonly string[];
  readonly removedListeners: readonly string[];
  readonly protocolChanges: readonly ProtocolChange[];
  /** Paths of all requests are normalised otherwise, before any rule sees them. */
  readonly pathNormalization?: { readonly before: string; readonly after: string };
  /** What listeners that both sides have do to all requests, such as their error pages. */
  readonly listenerSettings: readonly SettingChange[];
  /** How clusters that both sides have treat their endpoints. */
  readonly clusterSettings: readonly ClusterSettingChange[];
  /** Connections in which no HTTP is read, and which go elsewhere. */
  readonly connections: readonly ConnectionChange[];
  /** Where the proxy answers names, as `address:port`. Absent: as before; a side without one answers none. */
  readonly dnsServer?: DnsServerChange;
  /** Names that the proxy answers otherwise; a side without addresses asks the machine's own servers. */
  readonly names: readonly NameChange[];
  /** Where the search was given up: there, more may differ. */
  readonly cuts: readonly Cut[];
  /** What Istio obeys besides, and one side has otherwise. */
  readonly notCompared: readonly NotCompared[];
}

/** Two rules that decide a request differently, one on each side. */
export interface ReportedDifference {
  readonly listener: string;
  readonly hosts: readonly string[];
  /** One of the requests that are decided differently. */
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: readonly { readonly name: string; readonly value: string }[];
    /** `HTTP/1.1`, or `HTTP/2` for what only that can say. */
    readonly protocol: string;
    /** Of a token that was verified. */
    readonly claims?: Claims;
  };
  readonly before: ReportedSide;
  readonly after: ReportedSide;
  /** What is not the same; the rest is. */
  readonly changes: readonly { readonly what: string; readonly before?: string; readonly after?: string }[];
}

/** The rule that decides on one side, and how. */
export interface ReportedSide extends RulePlace {
  /** Of the rule; absent when none decides, or when it has none. */
  readonly name?: string;
  readonly decision: Readonly<Record<string, string>>;
}

export function reportOf({ differences, ...rest }: Diff, others: readonly NotCompared[] = []): DiffReport {
  return {
    differences: differences
      .map(({ listener, domains, request, before, after }) => ({
        listener,
        hosts: domains,
        request: requestOf(request),
        before: sideOf(before),
        after: sideOf(after),
        changes: changesOf(before, after),
      }))
      .sort(byPlace),
    ...rest,
    notCompared: others,
  };
}

function requestOf(request: AskedRequest): ReportedDifference["request"] {
  const { method, headers, protocol = "HTTP/1.1", claims } = request;
  return {
    method,
    url: urlOf(request),
    headers: headers.map(([name, value]) => ({ name, value })),
    protocol,
    ...(claims !== undefined && { claims }),
  };
}

function sideOf(route: Route | undefined): ReportedSide {
  return {
    ...(route?.name && { name: route.name }),
    ...(route && place(route.origin)),
    decision: Object.fromEntries(describeRoute(route)),
  };
}

function changesOf(before: Route | undefined, after: Route | undefined): ReportedDifference["changes"] {
  const was = new Map(describeRoute(before));
  const is = new Map(describeRoute(after));
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((what) => was.get(what) !== is.get(what))
    .map((what) => ({
      what,
      ...(was.has(what) && { before: was.get(what)! }),
      ...(is.has(what) && { after: is.get(what)! }),
    }));
}

function byPlace(a: ReportedDifference, b: ReportedDifference): number {
  const key = ({ listener, hosts, request }: ReportedDifference) =>
    JSON.stringify([listener, hosts[0], request.url, request.method, request.headers]);
  return compareStrings(key(a), key(b));
}

/** By listener and hosts, as they are shown. */
export function groupsOf({ differences }: DiffReport, most = MAX_HOSTS): Map<string, ReportedDifference[]> {
  const groups = new Map<string, ReportedDifference[]>();
  for (const difference of differences) {
    const { listener, hosts } = difference;
    const more = hosts.length > most ? ` and ${hosts.length - most} more` : "";
    const key = `${hosts.slice(0, most).join(", ")}${more} at ${listener}`;
    const known = groups.get(key);
    if (known === undefined) {
      groups.set(key, [difference]);
    } else {
      known.push(difference);
    }
  }
  return groups;
}

const MAX_HOSTS = 3;

/** What changes besides rules, as it is shown: `of` is the name of a listener or a cluster. */
export function settingsOf({
  listenerSettings,
  clusterSettings,
  dnsServer,
}: DiffReport): (Omit<SettingChange, "listener"> & { readonly of: string })[] {
  return [
    ...(dnsServer ? [{ of: "the proxy", setting: "DNS server", ...dnsServer }] : []),
    ...listenerSettings.map(({ listener, ...change }) => ({ of: listener, ...change })),
    ...clusterSettings.map(({ cluster, ...change }) => ({ of: cluster, ...change })),
  ];
}

/** `TLS to port 443 that asks for a.example`. */
export function connectionText({ port, serverName, address }: ConnectionChange): string {
  const what = serverName === undefined ? `a connection to port ${port}` : `TLS to port ${port}`;
  const name = serverName === undefined ? [] : [`with SNI ${serverName}`];
  return [what, ...(address === undefined ? [] : [`to address ${address}`]), ...name].join(" ");
}

/** `10.1.2.3, 10.1.2.4`. */
export function answerText(addresses: readonly string[] | undefined): string {
  return addresses?.join(", ") ?? "not answered";
}

/** `3 differences at 2 hosts`. */
export function summaryOf(report: DiffReport): string {
  const count = report.differences.length;
  const hosts = groupsOf(report).size;
  const listeners = [
    ...report.addedListeners.map((name) => `listener ${name} is new`),
    ...report.removedListeners.map((name) => `listener ${name} is removed`),
    ...report.protocolChanges.map(
      ({ listener, before, after }) => `listener ${listener} serves ${after} instead of ${before}`,
    ),
    ...report.listenerSettings.map(({ listener, setting }) => `listener ${listener} has other ${setting}`),
  ];
  const clusters = new Set(report.clusterSettings.map(({ cluster }) => cluster)).size;
  const endpoints =
    clusters === 0
      ? []
      : [`${clusters === 1 ? "1 cluster treats" : `${clusters} clusters treat`} endpoints differently`];
  const found =
    count === 0
      ? "no request is decided differently"
      : `${count} difference${count === 1 ? "" : "s"} at ${hosts} host${hosts === 1 ? "" : "s"}`;
  const { pathNormalization: paths } = report;
  const normalization =
    paths === undefined ? [] : [`paths are normalized by ${paths.after} instead of ${paths.before}`];
  const { length } = report.connections;
  const connections =
    length === 0
      ? []
      : [
          length === 1
            ? "1 kind of non-HTTP connection is routed differently"
            : `${length} kinds of non-HTTP connections are routed differently`,
        ];
  const answered = report.names.length;
  const names =
    answered === 0
      ? []
      : [`${answered === 1 ? "1 DNS name is" : `${answered} DNS names are`} answered differently`];
  const server = report.dnsServer === undefined ? [] : [dnsServerText(report.dnsServer)];
  const cut = report.cuts.length === 0 ? [] : ["the search was incomplete: there may be more"];
  const others = report.notCompared.length === 0 ? [] : ["other resources that Istio obeys have changed"];
  return [
    found,
    ...normalization,
    ...connections,
    ...server,
    ...names,
    ...listeners,
    ...endpoints,
    ...cut,
    ...others,
  ].join("; ");
}

function dnsServerText({ before, after }: DnsServerChange): string {
  if (after === undefined) {
    return `DNS names are no longer answered at ${before}`;
  }
  return `DNS names are answered at ${after}${before === undefined ? "" : ` instead of ${before}`}`;
}

/** Whether anything differs that is compared. Where the search was cut (`cuts`), false says little. */
export function isDifferent(report: DiffReport): boolean {
  const { differences, addedListeners, removedListeners, protocolChanges } = report;
  const { listenerSettings, clusterSettings, connections, names } = report;
  return (
    report.pathNormalization !== undefined ||
    report.dnsServer !== undefined ||
    [
      ...[differences, addedListeners, removedListeners, protocolChanges],
      ...[listenerSettings, clusterSettings, connections, names],
    ].some(({ length }) => length > 0)
  );
}
