/**
 * The team's cases (see `sluice test`), put to the programs that proxies are about to get. Cases do not say which proxies they are
 * for, and a fleet has several groups of them. So one fails where a group answered it as expected before and does not any
 * more, or where no group does.
 */

import type { Case } from "../../answers/cases/case.ts";
import { Coverage } from "../../answers/cases/coverage.ts";
import { readCases } from "../../answers/cases/read.ts";
import type { CheckResult } from "../../answers/cases/results.ts";
import { runOffline } from "../../answers/cases/run-offline.ts";
import type { Evaluators } from "../../answers/evaluate/evaluator.ts";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { positionAt } from "../../diagnostics/position.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { ProxyOptions } from "../../options.ts";
import type { BlamedRule } from "../rollout/state.ts";
import type { Programs } from "./programs.ts";

export interface Failed {
  /** A line for each case that is not answered as it should. */
  readonly words: readonly string[];
  readonly rules: readonly BlamedRule[];
}

/** More than that nobody reads. */
const SHOWN = 5;

/** `undefined` when all are answered as they should. */
export function failedCases(files: readonly SourceFile[], programs: readonly Programs[]): Failed | undefined {
  const groups = programs.map(({ options, before, after }) => ({
    before: before && ask(files, options, before),
    after: ask(files, options, after),
  }));
  const problems = groups.map(({ after }) => after.problems);
  // What cannot be asked of one group may be meant for another.
  const wrong = [...(problems[0] ?? new Map())]
    .filter(([key]) => problems.every((known) => known.has(key)))
    .map(([, line]) => line);
  const failed = new Map<string, CheckResult>();
  for (const { before, after } of groups) {
    for (const [key, result] of after.results) {
      const held = before?.results.get(key)?.ok === true;
      const holdsSomewhere = groups.some((group) => group.after.results.get(key)?.ok === true);
      if (!result.ok && (held || !holdsSomewhere)) {
        failed.set(key, result);
      }
    }
  }
  const results = [...failed.values()];
  const lines = [...wrong, ...results.map(lineOf)];
  return lines.length === 0 ? undefined : { words: shorten(lines), rules: rulesOf(results) };
}

interface Answers {
  /** By the place of the check in its file. */
  readonly results: ReadonlyMap<string, CheckResult>;
  /** Why a check could not be asked, by its place. */
  readonly problems: ReadonlyMap<string, string>;
}

function ask(files: readonly SourceFile[], proxy: ProxyOptions, evaluators: Evaluators): Answers {
  const problems = new Map<string, string>();
  const report = ({ message, level, span }: Diagnostic) => {
    if (level === "error") {
      const at = span === undefined ? "" : `${span.file.path}:${positionAt(span.file, span.start).line}: `;
      problems.set(`${span?.file.path}:${span?.start}`, `${at}${message}`);
    }
  };
  const context = {
    listeners: evaluators.config.listeners,
    listenerFor: (asked: Parameters<Evaluators["listenerFor"]>[0]) => evaluators.listenerFor(asked)?.name,
    proxy,
  };
  const cases: Case[] = files.flatMap((file) => readCases(file, context, { report }));
  const results = runOffline(cases, evaluators, new Coverage(evaluators.config));
  return {
    results: new Map(results.map((result) => [`${result.file}:${result.line}:${result.column}`, result])),
    problems,
  };
}

function lineOf({ file, line, case: name, differences, errors }: CheckResult): string {
  const [first] = differences;
  const why =
    first === undefined ? errors[0] : `${first.what}: expected ${first.expected}, got ${first.actual}`;
  return `${file}:${line}: "${name}": ${why}`;
}

function rulesOf(results: readonly CheckResult[]): BlamedRule[] {
  const rules = new Map<string, BlamedRule>();
  for (const { rule } of results) {
    if (rule?.file !== undefined && rule.line !== undefined) {
      const name = rule.id ?? rule.resource ?? rule.name;
      rules.set(`${rule.file}:${rule.line}`, { name, file: rule.file, line: rule.line });
    }
  }
  return [...rules.values()].slice(0, SHOWN);
}

export function shorten(lines: readonly string[]): string[] {
  const rest = lines.length - SHOWN;
  return rest > 0 ? [...lines.slice(0, SHOWN), `and ${rest} more`] : [...lines];
}
