/** What the API found, as the command line prints it. */

import picocolors from "picocolors";
import type { CoverageReport } from "./answers/cases/coverage.ts";
import { renderJunit } from "./answers/cases/report-junit.ts";
import { failureLines, renderCoverage, renderResults } from "./answers/cases/report-text.ts";
import type { CheckResult } from "./answers/cases/results.ts";
import { renderMarkdown } from "./answers/diff/render-markdown.ts";
import { renderText as renderDiff } from "./answers/diff/render-text.ts";
import type { DiffReport } from "./answers/diff/report.ts";
import type { ConnectionExplanation } from "./answers/explain/connection-explanation.ts";
import type { Explanation } from "./answers/explain/explanation.ts";
import { renderConnection } from "./answers/explain/render-connection.ts";
import { renderExplanation } from "./answers/explain/render-text.ts";
import { type Findings, Report } from "./diagnostics/render/report.ts";
import type { Colors, Style } from "./diagnostics/render/style.ts";
import type { WaitReport } from "./fleet/http/reached.ts";
import type { FleetStatus, ProxyReport, RevisionReport, RolloutReport } from "./fleet/model/report.ts";
import { renderRevisions, renderRollouts, renderStatus, renderWait } from "./fleet/render-text.ts";
import { packageRoot } from "./platform/package-root.ts";
import { wrong } from "./wrong-call.ts";

/** What a line has where nobody says how wide a terminal is. */
const COLUMNS = 80;

/** Of all that is formatted as text. */
export interface TextOptions {
  /** With the escape sequences of a terminal's colours. Default: false. */
  readonly color?: boolean;
}

/** Of what may be wide or long. */
export interface LayoutOptions extends TextOptions {
  /** Characters of a line, of which a longer one is broken between words. Default: 80. */
  readonly columns?: number;
  /** Lists in full. Default: false. */
  readonly verbose?: boolean;
}

/** Of `formatDiagnostics`. */
export interface DiagnosticsFormat extends LayoutOptions {
  /** `text` shows the lines of each finding; `github` are workflow commands. Default: `text`. */
  readonly format?: "text" | "json" | "sarif" | "github";
}

/** Findings as `sluice check --format …` prints them; as text, nothing for none. */
export function formatDiagnostics(
  findings: Findings,
  { format = "text", ...layout }: DiagnosticsFormat = {},
): string {
  const report = reportOf("formatDiagnostics", findings);
  switch (format) {
    case "text":
      return report.renderText(style(layout));
    case "json":
      return `${JSON.stringify(report, null, 2)}\n`;
    case "sarif":
      return report.renderSarif(packageRoot().version);
    case "github":
      return report.renderGithub();
    default:
      throw wrong("formatDiagnostics: format", '"text", "json", "sarif" or "github"', format);
  }
}

/** One line with how many findings there are, for output whose subject is another; empty for none. */
export function formatSummary(findings: Findings): string {
  return reportOf("formatSummary", findings).hint();
}

/** An explanation for people. */
export function formatExplanation(explanation: Explanation, layout: LayoutOptions = {}): string {
  return renderExplanation(explanation, style(layout));
}

/** The explanation of a connection for people. */
export function formatConnection(explanation: ConnectionExplanation, layout: LayoutOptions = {}): string {
  return renderConnection(explanation, style(layout));
}

/** Differences for people, or for a pull request. */
export function formatDiff(
  report: DiffReport,
  { format = "text", ...layout }: LayoutOptions & { readonly format?: "text" | "markdown" } = {},
): string {
  return format === "markdown" ? renderMarkdown(report) : renderDiff(report, style(layout));
}

/** Checks for people: `how` they were asked, and how long that took in milliseconds. */
export function formatResults(
  checks: readonly CheckResult[],
  { how, ms, color = false }: TextOptions & { readonly how: string; readonly ms: number },
): string {
  return renderResults(checks, colors(color), { how, ms });
}

/** Checks for programs that read JUnit's XML. */
export function formatJunit(checks: readonly CheckResult[]): string {
  return renderJunit(checks);
}

/** Why a check failed, line by line. */
export function formatFailure(check: CheckResult, { color = false }: TextOptions = {}): string[] {
  return failureLines(check, colors(color));
}

/** Coverage for people: the shares, and what was missed. */
export function formatCoverage(coverage: CoverageReport, { color = false }: TextOptions = {}): string {
  return renderCoverage(coverage, colors(color));
}

/** Of what says how long ago something was. */
export interface TimedOptions extends LayoutOptions {
  /** Milliseconds since 1970. Default: now. */
  readonly now?: number;
}

/** The state of a fleet for people, with its newest roll-out if there is one. */
export function formatFleetStatus(
  status: FleetStatus,
  proxies: readonly ProxyReport[],
  rollout: RolloutReport | undefined,
  { now = Date.now(), ...layout }: TimedOptions = {},
): string {
  return renderStatus(status, proxies, rollout, style(layout), now);
}

/** Roll-outs for people, in their order. */
export function formatRollouts(
  rollouts: readonly RolloutReport[],
  { now = Date.now(), ...layout }: TimedOptions = {},
): string {
  return renderRollouts(rollouts, style(layout), now);
}

/** Revisions for people, in their order. */
export function formatRevisions(
  revisions: readonly RevisionReport[],
  { now = Date.now(), ...layout }: TimedOptions = {},
): string {
  return renderRevisions(revisions, style(layout), now);
}

/** What came of waiting for a revision, for people; with its roll-out where that has failed. */
export function formatWait(
  wanted: string,
  report: WaitReport,
  rollout: RolloutReport | undefined,
  { now = Date.now(), ...layout }: TimedOptions = {},
): string {
  return renderWait(wanted, report, rollout, style(layout), now);
}

/** Lines of findings need the text that they are about, which JSON has not. */
function reportOf(call: string, findings: Findings): Report {
  if (!(findings instanceof Report)) {
    throw wrong(`${call}: findings`, "what a call of this API gave", findings);
  }
  return findings;
}

function style({ color = false, columns = COLUMNS, verbose = false }: LayoutOptions): Style {
  return { colors: colors(color), columns, verbose };
}

function colors(enabled: boolean): Colors {
  return picocolors.createColors(enabled);
}
