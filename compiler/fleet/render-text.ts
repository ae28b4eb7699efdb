/** What a server says of its fleet, for people. Whatever stands here stands in the data, too. */

import { printableData } from "../diagnostics/render/printable.ts";
import { type Colors, folded, type Style, widthOf, wrap } from "../diagnostics/render/style.ts";
import type { WaitReport } from "./http/reached.ts";
import type {
  FleetStatus,
  ProxyReport,
  ProxyState,
  RateLimitReport,
  RevisionReport,
  RolloutReport,
} from "./model/report.ts";

/** What needs somebody's attention comes first. */
const ORDER: readonly ProxyState[] = ["refused", "silent", "behind", "joining", "lost", "current"];

const SAID: Readonly<Record<ProxyState, string>> = {
  refused: "refused it",
  silent: "silent",
  behind: "changing",
  joining: "joining",
  lost: "gone",
  current: "current",
};

export function renderStatus(
  status: FleetStatus,
  proxies: readonly ProxyReport[],
  rollout: RolloutReport | undefined,
  style: Style,
  now: number,
): string {
  const { bold, dim, red, yellow } = style.colors;
  const { revision, refused, refusedRevision } = printableData(status);
  const there = proxies.filter(({ state }) => state !== "lost");
  const having = there.filter((one) => one.revision === revision);
  const lines: string[] = [
    revision === undefined
      ? yellow("no revision yet: the server has no rules that are right")
      : `${bold(`revision ${revision}`)} on ${having.length} of ${counted(there.length, "proxy", "proxies")}`,
  ];
  if (refused !== undefined) {
    lines.push(
      red(
        `revision ${refusedRevision} is not taken: its rules have ${counted(refused.errors, "error", "errors")}; sluice check prints them`,
      ),
    );
  }
  if (rollout !== undefined && (rollout.phase === "running" || rollout.phase === "failed")) {
    lines.push("", "roll-out", ...indented(rolloutLines(rollout, style, now)));
  }
  if (status.rateLimits !== undefined) {
    lines.push("", "rate limits", ...indented(limitLines(printableData(status.rateLimits), style)));
  }
  const counts = ORDER.filter((state) => status.proxies[state] > 0);
  if (counts.length > 0) {
    const summary = counts.map((state) => `${status.proxies[state]} ${SAID[state]}`).join(", ");
    const sorted = printableData(proxies).toSorted(
      (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.id < b.id ? -1 : 1),
    );
    const rows = sorted.map((one) => ({ cells: proxyCells(one, style.colors, now), words: one.words ?? [] }));
    const widths = widthsOf(rows.map(({ cells }) => cells));
    const blocks = rows.map(({ cells, words }) => [
      padded(cells, widths),
      ...words.map((line) => `    ${dim(line)}`),
    ]);
    lines.push(
      "",
      `proxies: ${summary}`,
      ...indented(folded(blocks, style, (left) => [dim(`… ${left} more; --verbose lists them`)]).flat()),
    );
  }
  return text(lines, style);
}

/** Each proxy counts by itself. */
function limitLines(limits: readonly RateLimitReport[], style: Style): string[] {
  const blocks = limits.map(({ of, limit, proxies, atMost }) => [
    `${of}: ${limit} at each of ${counted(proxies, "proxy", "proxies")}, at most ${atMost}`,
  ]);
  return folded(blocks, style, (left) => [style.colors.dim(`… ${left} more; --verbose lists them`)]).flat();
}

export function renderRollouts(rollouts: readonly RolloutReport[], style: Style, now: number): string {
  if (rollouts.length === 0) {
    return "no roll-outs yet\n";
  }
  const blocks = rollouts.map((rollout) => rolloutLines(rollout, style, now));
  const shown = folded(blocks, style, (left) => [style.colors.dim(`… ${left} more; --verbose lists them`)]);
  return text(shown.flat(), style);
}

export function renderRevisions(revisions: readonly RevisionReport[], style: Style, now: number): string {
  if (revisions.length === 0) {
    return "no revisions yet\n";
  }
  const { bold, dim, green, red } = style.colors;
  const rows = printableData(revisions).map(({ id, state, proxies, seen, findings }) => [
    bold(id),
    state === "failed" ? red(state) : state === "serving" ? green(state) : state,
    counted(proxies, "proxy", "proxies"),
    dim(ago(seen, now)),
    dim(findings.warnings === 0 ? "" : counted(findings.warnings, "warning", "warnings")),
  ]);
  const widths = widthsOf(rows);
  return text(
    rows.map((cells) => padded(cells, widths)),
    style,
  );
}

export function renderWait(
  wanted: string,
  { outcome, revision = wanted, proxies, acknowledged }: WaitReport,
  rollout: RolloutReport | undefined,
  style: Style,
  now: number,
): string {
  const { green, red, yellow } = style.colors;
  const share = `${acknowledged} of ${counted(proxies, "proxy", "proxies")}`;
  const said = {
    reached: green(`revision ${revision} is on ${share}`),
    failed: red(`revision ${revision} was taken back`),
    superseded: yellow(`a newer revision came before ${revision} was everywhere`),
    refused: red(`revision ${revision} is not taken: its rules have errors`),
    pending: yellow(`revision ${revision} is on ${share} so far`),
  }[outcome];
  return text([said, ...(rollout === undefined ? [] : indented(rolloutLines(rollout, style, now)))], style);
}

function rolloutLines(rollout: RolloutReport, { colors }: Style, now: number): string[] {
  const { bold, dim, green, red, yellow } = colors;
  const {
    revision,
    from,
    phase,
    waves,
    wave,
    bakingUntil,
    proxies,
    failure,
    ended,
    returned,
    now: atOnce,
  } = printableData(rollout);
  const current = waves[wave];
  const which = atOnce
    ? "at once"
    : `wave ${wave + 1} of ${waves.length}${current === undefined ? "" : ` (${current.name})`}`;
  const when = ended === undefined ? "" : dim(`, ${ago(ended, now)}`);
  const head = {
    running: `${yellow("on its way")}: ${which}, on ${proxies.changed} of ${counted(proxies.all, "proxy", "proxies")}`,
    done: `${green("done")}${atOnce ? " at once" : ""}, on ${counted(proxies.changed, "proxy", "proxies")}${when}`,
    failed: `${red("failed")} in ${which}${when}`,
    aborted: `${yellow("aborted")} in ${which}${when}`,
    superseded: `superseded in ${which}${when}`,
  }[phase];
  const lines = [`${bold(revision)} ${head}`];
  if (phase === "running" && bakingUntil !== undefined) {
    lines.push(`  watched for ${seconds(Date.parse(bakingUntil) - now)} more`);
  }
  if (failure !== undefined) {
    const { gate, proxy, step, words, rules = [] } = failure;
    const whose = proxy === undefined ? "" : `${proxy === "shadow" ? "the server's own Envoy" : proxy}: `;
    lines.push(`  ${whose}${GATES[gate] ?? gate}${step === undefined ? "" : ` (${step})`}`);
    lines.push(...words.map((line) => `    ${line}`));
    lines.push(...rules.map(({ name, file, line }) => `  ${file}:${line} ${dim(name)}`));
  }
  if (phase === "failed" || phase === "aborted") {
    const back = from === undefined ? "" : ` ${from}`;
    lines.push(
      returned === undefined
        ? `  ${yellow(`some proxies do not have${back} again yet`)}`
        : `  ${dim(`all proxies have${back} again`)}`,
    );
  }
  return lines;
}

const GATES: Readonly<Record<string, string>> = {
  refusal: "refused it",
  deadline: "did not acknowledge it in time",
  lost: "too many changed proxies lost their stream",
  responses: "changed proxies answered with more 5xx than the others",
  cases: "a case of the team failed",
  witnesses: "a request was not decided as the rules say",
  operator: "an operator ended it",
};

function proxyCells(proxy: ProxyReport, { dim, red, yellow }: Colors, now: number): string[] {
  const { id, state, since, revision, wanted, namespace, locality, version } = proxy;
  const paint = state === "refused" || state === "silent" ? red : state === "current" ? String : yellow;
  const has = revision ?? "-";
  return [
    id,
    paint(SAID[state]),
    wanted === undefined || wanted === revision ? has : `${has} → ${wanted}`,
    dim([namespace, locality, version].filter((one) => one !== undefined).join(" ")),
    dim(state === "current" ? "" : ago(since, now)),
  ];
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function ago(time: string, now: number): string {
  return `${seconds(now - Date.parse(time))} ago`;
}

/** `12 s`, `5 min`, `3 h`, `2 d` */
function seconds(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 120) {
    return `${s} s`;
  }
  if (s < 7200) {
    return `${Math.round(s / 60)} min`;
  }
  return s < 172_800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86_400)} d`;
}

/** Columns that are as wide as their widest cell, as a reader sees it. */
function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
    }
  }
  return widths;
}

function padded(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, i) => cell + " ".repeat(widths[i]! - widthOf(cell)))
    .join("  ")
    .trimEnd();
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function text(lines: readonly string[], style: Style): string {
  return `${lines.map((line) => wrap(line, style)).join("\n")}\n`;
}
