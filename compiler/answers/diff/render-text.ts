/** Differences for people at a terminal. */

import { printable } from "../../diagnostics/render/printable.ts";
import { type Style, wrap } from "../../diagnostics/render/style.ts";
import { notComparedText } from "./not-compared.ts";
import {
  answerText,
  connectionText,
  type DiffReport,
  groupsOf,
  type ReportedDifference,
  type ReportedSide,
  settingsOf,
  summaryOf,
} from "./report.ts";

export function renderText(report: DiffReport, style: Style): string {
  const { colors } = style;
  const lines: string[] = [];
  for (const [hosts, differences] of groupsOf(report, style.verbose ? Infinity : undefined)) {
    lines.push(
      colors.bold(printable(hosts)),
      ...differences.flatMap((one) => differenceLines(one, style)),
      "",
    );
  }
  for (const { of, setting, before, after } of settingsOf(report)) {
    lines.push(
      colors.bold(`${setting} of ${printable(of)}`),
      ...(before === undefined ? [] : [colors.red(`  - ${printable(before)}`)]),
      ...(after === undefined ? [] : [colors.green(`  + ${printable(after)}`)]),
      "",
    );
  }
  for (const change of report.connections) {
    lines.push(
      colors.bold(printable(connectionText(change))),
      colors.red(`  - ${printable(change.before)}`),
      colors.green(`  + ${printable(change.after)}`),
      "",
    );
  }
  for (const { name, before, after } of report.names) {
    lines.push(
      colors.bold(`DNS answer for ${printable(name)}`),
      colors.red(`  - ${answerText(before)}`),
      colors.green(`  + ${answerText(after)}`),
      "",
    );
  }
  for (const { listener, domain, why } of report.cuts) {
    lines.push(colors.yellow(`search incomplete for ${printable(domain)} at ${listener}: ${printable(why)}`));
  }
  for (const one of report.notCompared) {
    lines.push(colors.yellow(`not compared: ${printable(notComparedText(one))}; Sluice does not read it`));
  }
  if (report.cuts.length + report.notCompared.length > 0) {
    lines.push("");
  }
  lines.push(colors.bold(summaryOf(report)));
  return `${lines.map((line) => wrap(line, style, 4)).join("\n")}\n`;
}

function differenceLines(
  { request, before, after, changes }: ReportedDifference,
  { colors }: Style,
): string[] {
  // With the flags of `explain`.
  const headers = request.headers.map(({ name, value }) => ` -H '${name}: ${value}'`).join("");
  const claims = request.claims === undefined ? "" : ` --claims '${JSON.stringify(request.claims)}'`;
  const protocol = request.protocol === "HTTP/2" ? " --http2" : "";
  return [
    `  ${printable(`${request.method} ${request.url}${headers}${claims}${protocol}`)}`,
    ...changes.flatMap(({ what, before: was, after: is }) => [
      ...(was === undefined ? [] : [colors.red(`    - ${printable(`${what}: ${was}`)}`)]),
      ...(is === undefined ? [] : [colors.green(`    + ${printable(`${what}: ${is}`)}`)]),
    ]),
    colors.dim(`    ${printable(`${sideText(before)} → ${sideText(after)}`)}`),
  ];
}

export function sideText({ name, file, line, resource, rule }: ReportedSide): string {
  if (file !== undefined) {
    return `${name === undefined ? "" : `${name} `}${file}:${line}`;
  }
  if (resource !== undefined) {
    return `${resource} rule ${rule}`;
  }
  return name ?? "no rule";
}
