/** Differences as a comment on a pull request. */

import { printable } from "../../diagnostics/render/printable.ts";
import { notComparedText } from "./not-compared.ts";
import { sideText } from "./render-text.ts";
import {
  answerText,
  connectionText,
  type DiffReport,
  groupsOf,
  type ReportedDifference,
  settingsOf,
  summaryOf,
} from "./report.ts";

/** What fits into a comment; the rest is counted. */
const MAX_DIFFERENCES = 100;

export function renderMarkdown(report: DiffReport): string {
  const lines = [`### Sluice: ${escaped(summaryOf(report))}`, ""];
  let shown = 0;
  for (const [hosts, differences] of groupsOf(report)) {
    const some = differences.slice(0, Math.max(0, MAX_DIFFERENCES - shown));
    if (some.length === 0) {
      continue;
    }
    shown += some.length;
    lines.push(`#### ${escaped(hosts)}`, "", "| request | before | after |", "|---|---|---|");
    lines.push(...some.map(row), "");
  }
  const left = report.differences.length - shown;
  if (left > 0) {
    lines.push(`… and ${left} more.`, "");
  }
  const settings = settingsOf(report);
  if (settings.length > 0) {
    lines.push("| setting | before | after |", "|---|---|---|");
    for (const { of, setting, before = "none", after = "none" } of settings.slice(0, MAX_DIFFERENCES)) {
      lines.push(`| ${setting} of ${escaped(of)} | ${escaped(before)} | ${escaped(after)} |`);
    }
    const unseen = settings.length - MAX_DIFFERENCES;
    lines.push("", ...(unseen > 0 ? [`… and ${unseen} more.`, ""] : []));
  }
  if (report.connections.length > 0) {
    lines.push("| connection | before | after |", "|---|---|---|");
    for (const change of report.connections.slice(0, MAX_DIFFERENCES)) {
      lines.push(
        `| ${escaped(connectionText(change))} | ${escaped(change.before)} | ${escaped(change.after)} |`,
      );
    }
    const unseen = report.connections.length - MAX_DIFFERENCES;
    lines.push("", ...(unseen > 0 ? [`… and ${unseen} more.`, ""] : []));
  }
  if (report.names.length > 0) {
    lines.push("| DNS name | before | after |", "|---|---|---|");
    for (const { name, before, after } of report.names.slice(0, MAX_DIFFERENCES)) {
      lines.push(`| ${escaped(name)} | ${escaped(answerText(before))} | ${escaped(answerText(after))} |`);
    }
    const unseen = report.names.length - MAX_DIFFERENCES;
    lines.push("", ...(unseen > 0 ? [`… and ${unseen} more.`, ""] : []));
  }
  for (const { listener, domain, why } of report.cuts) {
    lines.push(`> **Search incomplete** for ${escaped(domain)} at ${escaped(listener)}: ${escaped(why)}`, "");
  }
  for (const one of report.notCompared.slice(0, MAX_DIFFERENCES)) {
    lines.push(`> **Not compared**: ${escaped(notComparedText(one))}; Sluice does not read it`, "");
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

function row({ request, before, after, changes }: ReportedDifference): string {
  const headers = request.headers.map(({ name, value }) => code(`${name}: ${value}`));
  const claims = request.claims === undefined ? [] : [`token with ${code(JSON.stringify(request.claims))}`];
  const protocol = request.protocol === "HTTP/2" ? ["over HTTP/2"] : [];
  const side = (which: "before" | "after", place: string) =>
    [
      ...changes.flatMap((change) =>
        change[which] === undefined ? [] : [`${escaped(change.what)}: ${escaped(change[which])}`],
      ),
      `<sub>${escaped(place)}</sub>`,
    ].join("<br>");
  return `| ${[code(`${request.method} ${request.url}`), ...headers, ...claims, ...protocol].join("<br>")} | ${side("before", sideText(before))} | ${side("after", sideText(after))} |`;
}

/** Rules and witnesses are anybody's text, and a comment is rendered. */
function escaped(text: string): string {
  return printable(text.replace(/\n/g, " ")).replace(/[\\`*_{}[\]<>()#+!|~@&-]/g, (character) =>
    character === "<" ? "&lt;" : character === "&" ? "&amp;" : `\\${character}`,
  );
}

function code(text: string): string {
  const safe = printable(text.replace(/\n/g, " "))
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/\|/g, "&#124;")
    .replace(/`/g, "&#96;");
  return `<code>${safe}</code>`;
}
