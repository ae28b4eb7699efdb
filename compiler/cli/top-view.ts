/**
 * What `sluice top` shows, as lines: a table of rules, what no rule took, clusters in trouble, and rules that were not hit. Knows no
 * terminal and no Envoy; what a line holds of rules or of Envoy is printable.
 */

import {
  formatSocket,
  type ListedRule,
  type LiveCluster,
  type LiveReport,
  type LiveRule,
  printable,
  type ServedRules,
  type Share,
} from "../index.ts";
import type { Colors } from "./terminal.ts";
import { type Column, cut, table } from "./text-table.ts";

/** What is known at some moment. */
export interface TopState {
  /** Whose rules they are, for people. */
  readonly title: string;
  /** What is shown is a sum over the proxies of a fleet. */
  readonly isFleet?: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Absent: nothing has been read yet. */
  readonly report?: LiveReport;
  /** Absent: an Envoy of somebody else, whose rules nobody can ask for. */
  readonly served?: ServedRules;
  /** Envoy does not answer. */
  readonly silent?: { readonly since: number; readonly why: string };
}

export const SORTS = ["rate", "last hit", "name", "as written"] as const;
export type Sort = (typeof SORTS)[number];

/** What somebody wants to see of it. */
export interface TopChoice {
  readonly sort: Sort;
  /** A part of a rule's name, its file, or a cluster; in any case. */
  readonly filter: string;
  /** The `topKey` of a rule. Absent: none is marked. */
  readonly selected?: string;
}

export interface TopStyle {
  readonly colors: Colors;
  readonly columns: number;
}

/** A rule that was hit, or that was not. */
export interface TopRule {
  readonly live?: LiveRule;
  readonly listed?: ListedRule;
}

export interface TopLines {
  readonly lines: readonly string[];
  /** The index in `lines` of each rule that is shown. */
  readonly at: readonly number[];
  readonly rules: readonly TopRule[];
}

/** Rules that were not hit and stand in the text; the others are counted. */
const MOST_IDLE = 10_000;

export function topLines(state: TopState, choice: TopChoice, style: TopStyle): TopLines {
  const { colors } = style;
  const { hit, idle } = rulesOf(state, choice);
  const lines: string[] = [headline(state, style)];
  const at: number[] = [];
  if (state.silent !== undefined) {
    const ago = since(state.now - state.silent.since);
    lines.push(colors.red(`Envoy has not answered for ${ago}: ${printable(state.silent.why)}`));
  }
  if (state.report !== undefined) {
    ruleTable(state, hit, choice, style, lines, at);
    lines.push(...trouble(state.report, style));
    idleRules(state, idle, hit.length, choice, style, lines, at);
  }
  return { lines: lines.map((line) => cut(line, style.columns)), at, rules: [...hit, ...idle] };
}

/** All that there is to say of one rule. */
export function ruleLines(
  { live, listed }: TopRule,
  { now }: TopState,
  { colors, columns }: TopStyle,
): string[] {
  const { listener, rule, match } = (live ?? listed)!;
  const lines = [
    colors.bold(`${rule}${match === undefined ? "" : `, match ${match}`}`),
    `  listener  ${listener}`,
  ];
  if (listed !== undefined) {
    const { file, line, domains, conditions, fault } = listed;
    lines.push(
      `  where     ${file}:${line}`,
      `  hosts     ${domains.join(", ")}`,
      `  matches   ${conditions.length === 0 ? "every request" : conditions.join(" and ")}`,
    );
    if (listed.answers !== undefined) {
      lines.push(`  answers   ${listed.answers === "redirect" ? "with a redirect" : "itself"}`);
    }
    if (fault?.delay !== undefined) {
      lines.push(`  delays    ${fault.delay.perMillion / 10_000} % by ${fault.delay.fixedMs} ms`);
    }
    if (fault?.abort !== undefined) {
      const { kind, status, perMillion } = fault.abort;
      lines.push(
        `  aborts    ${perMillion / 10_000} % with ${kind === "grpc" ? "gRPC status" : "status"} ${status}`,
      );
    }
    for (const { cluster, weight } of live === undefined ? listed.destinations : []) {
      lines.push(`  → ${cluster}${listed.destinations.length > 1 ? `  weight ${weight}` : ""}`);
    }
  }
  if (live === undefined) {
    lines.push("  not hit since Envoy started");
  } else {
    const counts: readonly [string, { readonly total: number; readonly perSecond: number }][] = [
      ["requests", live.requests],
      ["redirects", live.redirects],
      ["answers", live.directAnswers],
      ["delays", live.delays],
      ["aborts", live.aborts],
      ["left", live.left],
      ["limited", live.limited],
    ];
    for (const [what, { total, perSecond }] of counts) {
      if (total > 0) {
        lines.push(`  ${what.padEnd(9)} ${rate(perSecond)} a second, ${count(total)} in all`);
      }
    }
    lines.push(`  last hit  ${lastHit(live, now)}`);
    for (const { cluster, requests, share } of live.destinations) {
      lines.push(`  → ${cluster}  ${rate(requests.perSecond)} a second, ${count(requests.total)} in all`);
      if (share !== undefined) {
        const verdict = share.agrees ? "" : colors.red("  not what is wanted");
        lines.push(
          `      wanted ${percent(share.wanted)}, seen ${seen(share)} of ${count(share.of)}${verdict}`,
        );
      }
    }
  }
  return lines.map((line) => cut(printable(line), columns));
}

/** Tells what to do for something to be seen. */
export function trafficHint({ served }: TopState): string | undefined {
  const { sockets = [], rules = [] } = served ?? {};
  const easy = rules.find(({ conditions }) => conditions.length === 0) ?? rules[0];
  const socket = sockets.find(({ name }) => name === easy?.listener);
  const exact = easy?.domains.filter((domain) => !domain.includes("*")) ?? [];
  const [host = easy?.domains[0]?.replace("*", "www")] = exact.sort((a, b) => a.length - b.length);
  if (
    socket === undefined ||
    host === undefined ||
    socket.scheme !== "http" ||
    socket.address.startsWith("unix:")
  ) {
    return undefined;
  }
  const address = socket.address === "0.0.0.0" || socket.address === "::" ? "127.0.0.1" : socket.address;
  return printable(`curl -H 'host: ${host}' http://${formatSocket(address, socket.port)}/`);
}

function headline(state: TopState, { colors }: TopStyle): string {
  const { title, report, served, isFleet } = state;
  if (report === undefined) {
    return `${colors.bold(printable(title))}  waiting for Envoy`;
  }
  const all = report.listeners.reduce((sum, { requests }) => sum + requests.perSecond, 0);
  const parts = [
    colors.bold(printable(title)),
    ...(served === undefined ? [] : [`generation ${served.generation}`]),
    `${rate(all)} requests/s`,
    isFleet ? "all proxies that report to it" : "this Envoy only",
  ];
  return parts.join("  ");
}

function rulesOf(state: TopState, choice: TopChoice): { hit: readonly TopRule[]; idle: readonly TopRule[] } {
  const listed = new Map(state.served?.rules.map((rule) => [keyOf(rule), rule]));
  const hit: TopRule[] = [];
  for (const live of state.report?.rules ?? []) {
    const of = listed.get(keyOf(live));
    hit.push({ live, ...(of !== undefined && { listed: of }) });
    listed.delete(keyOf(live));
  }
  const order = new Map(state.served?.rules.map((rule, i) => [keyOf(rule), i]));
  const wanted = (rule: TopRule) => fits(rule, choice.filter.toLowerCase());
  return {
    hit: hit.filter(wanted).sort(sorting(choice.sort, order)),
    idle: [...listed.values()].map((rule) => ({ listed: rule })).filter(wanted),
  };
}

function sorting(sort: Sort, order: ReadonlyMap<string, number>): (a: TopRule, b: TopRule) => number {
  const place = (rule: TopRule) => order.get(topKey(rule)) ?? order.size;
  const byName = (a: TopRule, b: TopRule) => (topKey(a) < topKey(b) ? -1 : 1);
  switch (sort) {
    case "rate":
      return (a, b) =>
        b.live!.requests.perSecond - a.live!.requests.perSecond ||
        b.live!.requests.total - a.live!.requests.total ||
        byName(a, b);
    case "last hit":
      return (a, b) => (b.live!.lastHit ?? 0) - (a.live!.lastHit ?? 0) || byName(a, b);
    case "name":
      return byName;
    case "as written":
      return (a, b) => place(a) - place(b) || byName(a, b);
  }
}

function fits({ live, listed }: TopRule, wanted: string): boolean {
  const texts = [
    (live ?? listed)!.rule,
    listed?.file ?? "",
    ...(live?.destinations ?? listed?.destinations ?? []).map(({ cluster }) => cluster),
  ];
  return texts.some((text) => text.toLowerCase().includes(wanted));
}

/** A row of the table: a rule, or one of the destinations between which it splits. */
interface Row {
  readonly name: string;
  readonly rule?: LiveRule;
  readonly listed?: ListedRule | undefined;
  readonly perSecond: number;
  readonly share?: Share | undefined;
}

function ruleTable(
  state: TopState,
  hit: readonly TopRule[],
  choice: TopChoice,
  style: TopStyle,
  lines: string[],
  at: number[],
): void {
  if (hit.length === 0) {
    return;
  }
  const rows: Row[] = [];
  let marked: number | undefined;
  for (const { live, listed } of hit as readonly (TopRule & { readonly live: LiveRule })[]) {
    at.push(lines.length + 1 + rows.length);
    const { rule, match, requests, destinations } = live;
    const name = match === undefined ? rule : `${rule} .${match}`;
    if (topKey({ live }) === choice.selected) {
      marked = rows.length;
    }
    rows.push({ name, rule: live, listed, perSecond: requests.perSecond });
    for (const { cluster, requests: own, share } of destinations) {
      if (destinations.length > 1 || share !== undefined) {
        rows.push({ name: `  → ${cluster}`, perSecond: own.perSecond, share });
      }
    }
  }
  lines.push(...table(columnsOf(state, style), rows, style.columns, style.colors, marked));
}

function columnsOf({ report, now, served }: TopState, { colors }: TopStyle): readonly Column<Row>[] {
  const { listeners = [] } = report ?? {};
  const all = listeners.reduce((sum, { requests }) => sum + requests.perSecond, 0);
  const several = new Set(report?.rules.map(({ listener }) => listener)).size > 1;
  return [
    // Rules are told by both of their ends, and clusters by how they begin: port and subset.
    { title: "RULE", grows: true, endsAnywhere: ({ rule }) => rule === undefined, text: ({ name }) => name },
    ...(several ? [{ title: "LISTENER", keep: 3, text: ({ rule }: Row) => rule?.listener ?? "" }] : []),
    { title: "REQ/S", right: true, text: ({ perSecond }) => rate(perSecond) },
    {
      title: "SHARE",
      right: true,
      keep: 5,
      text: ({ rule, perSecond }) => (rule !== undefined && all > 0 ? percent(perSecond / all) : ""),
    },
    { title: "WANTED", right: true, keep: 8, text: ({ share }) => (share ? percent(share.wanted) : "") },
    {
      title: "SEEN (99 %)",
      keep: 8,
      text: ({ share }) => (share === undefined ? "" : `${seen(share)}${share.agrees ? "" : " OFF"}`),
      paint: ({ share }, text) => (share?.agrees === false ? colors.red(text) : text),
    },
    { title: "FAULTS/S", right: true, keep: 6, text: ({ rule }) => (rule ? faults(rule) : "") },
    {
      title: "ANSWERS/S",
      right: true,
      keep: 4,
      text: ({ rule }) => (rule ? nonZero(rule.redirects.perSecond + rule.directAnswers.perSecond) : ""),
    },
    { title: "LAST HIT", right: true, keep: 7, text: ({ rule }) => (rule ? lastHit(rule, now) : "") },
    ...(served === undefined
      ? []
      : [
          {
            title: "WHERE",
            keep: 2,
            text: ({ listed, rule }: Row) =>
              listed !== undefined
                ? `${printable(listed.file)}:${listed.line}`
                : rule
                  ? "no longer served"
                  : "",
          },
        ]),
  ];
}

/** Requests that no rule took, and clusters of which somebody should know. */
function trouble({ listeners, clusters }: LiveReport, { colors }: TopStyle): string[] {
  const unmatched = listeners.filter(({ unknownHost, noRule }) => unknownHost.total + noRule.total > 0);
  const troubled = clusters.flatMap((cluster) => {
    const words = troubleOf(cluster);
    return words.length === 0 ? [] : [`  ${cluster.name}  ${words.join(", ")}`];
  });
  return [
    ...(unmatched.length === 0 ? [] : ["", colors.bold("No rule took")]),
    ...unmatched.map(
      ({ name, unknownHost, noRule }) =>
        `  ${name}  unknown host ${rate(unknownHost.perSecond)}/s (${count(unknownHost.total)} in all), no match ${rate(noRule.perSecond)}/s (${count(noRule.total)} in all)`,
    ),
    ...(troubled.length === 0 ? [] : ["", colors.bold("Clusters in trouble")]),
    ...troubled.map((line) => colors.yellow(printable(line))),
  ];
}

function troubleOf({ answers, timeouts, overflows, endpoints, requests }: LiveCluster): string[] {
  const { total, healthy, ejected } = endpoints;
  return [
    ...(ejected > 0 ? [`${ejected} of ${total} ejected`] : []),
    ...(healthy < total && ejected === 0 ? [`${total - healthy} of ${total} unhealthy`] : []),
    ...(total === 0 && requests.total > 0 ? ["no endpoints"] : []),
    ...(answers["5xx"].perSecond > 0 ? [`5xx ${rate(answers["5xx"].perSecond)}/s`] : []),
    ...(timeouts.perSecond > 0 ? [`timeouts ${rate(timeouts.perSecond)}/s`] : []),
    ...(overflows.perSecond > 0 ? [`turned away ${rate(overflows.perSecond)}/s`] : []),
  ];
}

function idleRules(
  state: TopState,
  idle: readonly TopRule[],
  hits: number,
  choice: TopChoice,
  { colors }: TopStyle,
  lines: string[],
  at: number[],
): void {
  if (idle.length === 0) {
    if (hits === 0) {
      lines.push(
        "",
        choice.filter === "" ? noRules(state) : `No rule has "${printable(choice.filter)}" in it.`,
      );
    }
    return;
  }
  lines.push("", colors.bold(`Not hit since Envoy started: ${count(idle.length)}`));
  const hint = hits === 0 && choice.filter === "" ? trafficHint(state) : undefined;
  if (hint !== undefined) {
    lines.push(`  Send some traffic: ${hint}`);
  }
  for (const { listed } of idle.slice(0, MOST_IDLE)) {
    const { rule, match, file, line } = listed!;
    const isMarked = choice.selected === keyOf(listed!);
    at.push(lines.length);
    const text = `  ${rule}${match === undefined ? "" : ` .${match}`}  ${printable(file)}:${line}`;
    lines.push(isMarked ? colors.inverse(text) : text);
  }
}

function noRules({ served, isFleet }: TopState): string {
  if (isFleet) {
    return "No proxy has reported requests of rules yet; each reports every few seconds.";
  }
  return served === undefined
    ? "This Envoy counts no requests by rule: it was not built by Sluice, takes no requests yet, or counts none (--rule-counters)."
    : "There are no rules for HTTP.";
}

/** The same for a rule in every report. */
export function topKey({ live, listed }: TopRule): string {
  return keyOf((live ?? listed)!);
}

function keyOf({ listener, rule, match = "" }: Pick<ListedRule, "listener" | "rule" | "match">): string {
  return `${listener} ${rule} ${match}`;
}

function faults({ delays, aborts }: LiveRule): string {
  return nonZero(delays.perSecond + aborts.perSecond);
}

function nonZero(perSecond: number): string {
  return perSecond === 0 ? "" : rate(perSecond);
}

/** Four digits at most before there are thousands. */
function rate(perSecond: number): string {
  if (perSecond === 0) {
    return "0";
  }
  return perSecond < 0.1 ? "<0.1" : perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond));
}

function count(number: number): string {
  return number.toLocaleString("en");
}

function percent(part: number): string {
  const digits = part > 0 && part < 0.0995 ? 1 : 0;
  return `${(part * 100).toFixed(digits)} %`;
}

function seen({ seen: part, low, high, of }: Share): string {
  return of === 0
    ? "-"
    : `${(part * 100).toFixed(1)} % [${(low * 100).toFixed(1)}–${(high * 100).toFixed(1)}]`;
}

function lastHit({ lastHit: at }: LiveRule, now: number): string {
  return at === undefined ? "earlier" : since(now - at);
}

function since(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min`
    : minutes < 1440
      ? `${Math.floor(minutes / 60)} h`
      : `${Math.floor(minutes / 1440)} d`;
}
