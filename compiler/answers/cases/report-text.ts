/** The results of a run for people: like a test runner's. */

import { printable } from "../../diagnostics/render/printable.ts";
import type { Colors } from "../../diagnostics/render/style.ts";
import { reasons, where } from "../explain/render-text.ts";
import type { CoverageCounts, CoverageItem, CoverageReport } from "./coverage.ts";
import type { CheckResult } from "./results.ts";

export function renderResults(
  results: readonly CheckResult[],
  colors: Colors,
  { how, ms }: { readonly how: string; readonly ms: number },
): string {
  const { red, green, bold, dim } = colors;
  const lines: string[] = [];
  let last: string | undefined;
  for (const group of byCase(results)) {
    const [first] = group;
    if (first!.file !== last) {
      lines.push(...(last === undefined ? [] : [""]), bold(printable(first!.file)));
    }
    last = first!.file;
    const failed = group.filter(({ ok }) => !ok);
    const name = printable(first!.case);
    if (failed.length === 0) {
      lines.push(
        `  ${green("ok")}   ${name} ${dim(`${group.length} ${group.length === 1 ? "check" : "checks"}`)}`,
      );
      continue;
    }
    lines.push(`  ${red("FAIL")} ${name} ${dim(`${failed.length} of ${group.length}`)}`);
    for (const result of failed) {
      lines.push(...failureLines(result, colors).map((line) => `       ${line}`));
    }
  }
  const failures = results.filter(({ ok }) => !ok).length;
  const requests = results.reduce((sum, { times }) => sum + times, 0);
  const counts = [
    ...(failures > 0 ? [red(`${failures} failed`)] : []),
    green(`${results.length - failures} passed`),
  ].join(", ");
  lines.push("", `${bold("checks")} ${counts} ${dim(`(${requests} requests ${how}, ${Math.round(ms)} ms)`)}`);
  return `${lines.join("\n")}\n`;
}

function byCase(results: readonly CheckResult[]): CheckResult[][] {
  const groups: CheckResult[][] = [];
  for (const result of results) {
    const group = groups.at(-1);
    // The first check of a case begins a new one, even where two cases have one name.
    if (
      group === undefined ||
      group[0]!.case !== result.case ||
      group[0]!.file !== result.file ||
      group.at(-1)!.check >= result.check
    ) {
      groups.push([result]);
    } else {
      group.push(result);
    }
  }
  return groups;
}

export function failureLines(result: CheckResult, { red, green, dim }: Colors): string[] {
  const { ask, at, file, line, column, differences, errors, rule, instead } = result;
  return [
    `${printable(ask)} at ${at} ${dim(`${printable(file)}:${line}:${column}`)}`,
    ...differences.flatMap(({ what, expected, actual }) => [
      `  ${printable(what)}`,
      green(`    - expected ${printable(expected)}`),
      red(`    + actual   ${printable(actual)}`),
    ]),
    ...errors.map((error) => red(`  ${printable(error)}`)),
    `  ${rule === undefined ? "no rule matched" : `matched by ${ruleText(rule)}`}`,
    ...instead.flatMap((one) => [
      `  not by     ${ruleText(one)}`,
      ...(one.failed.length > 0 ? reasons(one, { verbose: true }) : ["an earlier rule matched first"]).map(
        (line) => `             ${printable(line)}`,
      ),
    ]),
  ];
}

function ruleText(rule: NonNullable<CheckResult["rule"]> & { readonly cluster?: string }): string {
  if (rule.resource === undefined) {
    return "the default route; no VirtualService is for this host";
  }
  const match = rule.match === undefined ? "" : `.match[${rule.match}]`;
  const name = rule.name === "" ? "" : ` "${rule.name}"`;
  return printable(`${where(rule)} ${rule.resource} http[${rule.rule}]${match}${name}`);
}

export function renderCoverage(
  { rules, matches, destinations, missed }: CoverageReport,
  { bold, dim, yellow }: Colors,
): string {
  const count = (what: string, { reached, total, percent }: CoverageCounts) =>
    `  ${what.padEnd(13)} ${String(percent).padStart(6)} %  ${dim(`${reached} of ${total}`)}`;
  return `${[
    "",
    bold("coverage"),
    count("rules", rules),
    count("matches", matches),
    count("destinations", destinations),
    ...missed.map((item) => `  ${yellow("missed")} ${item.kind} ${missedText(item)}`),
  ].join("\n")}\n`;
}

function missedText(item: CoverageItem): string {
  return `${ruleText(item)}${item.cluster === undefined ? "" : ` to ${printable(item.cluster)}`}`;
}
