/** What is fuzzed: a part of the command line, and what must hold of it whatever it is given. */

import { type Diagnostic, type DiagnosticSink, describeCodes, type Findings } from "../../compiler/index.ts";
import type { Corpus } from "./corpus.ts";
import type { Dice } from "./dice.ts";

export interface World {
  readonly corpus: Corpus;
  /** An empty folder for what must be a file. */
  readonly folder: string;
}

export interface Trial {
  /** What is given, by the name of a file that would hold it: a finding is shown with it. */
  readonly input: Readonly<Record<string, string | Uint8Array>>;
  /** Throws when something does not hold. True: the input was good, so that more of the program ran. */
  run(): boolean | Promise<boolean>;
}

export interface Subject {
  readonly name: string;
  /** How many of all inputs are its own, beside the shares of the others. */
  readonly share: number;
  prepare(world: World): (dice: Dice) => Trial;
}

/** Where an Envoy runs, and where rules are only asked about. */
const LEVELS = new Map<string, ReadonlySet<string>>(
  describeCodes().map(({ code, level, levelInCheck, levelInAnswers }) => [
    code,
    new Set([level, levelInCheck, levelInAnswers]),
  ]),
);

function expectKnown({ code, level, message }: { code: string; level: string; message: string }): void {
  const levels = LEVELS.get(code);
  if (levels === undefined) {
    throw new Error(`the code ${code} is in no table`);
  }
  if (!levels.has(level)) {
    throw new Error(`${code} has the level ${level}`);
  }
  if (message === "") {
    throw new Error(`${code} says nothing`);
  }
}

/** What must hold of everything that is found in an input: each of the texts by its name. */
export function expectSound({ diagnostics }: Findings, texts: Readonly<Record<string, string>>): void {
  const linesOf = new Map(Object.entries(texts).map(([name, text]) => [name, text.split("\n")]));
  for (const diagnostic of diagnostics) {
    expectKnown(diagnostic);
    const { code, file, line, column, endLine, endColumn } = diagnostic;
    if (file === undefined) {
      continue;
    }
    const lines = linesOf.get(file)!;
    const isInside = (at: number, most: number, which: number) =>
      at >= 1 && at <= lines.length && which >= 1 && which <= lines[at - 1]!.length + most;
    // Of an empty place the end is one behind it.
    if (!isInside(line!, 1, column!) || !isInside(endLine!, 2, endColumn!)) {
      throw new Error(`${code} is outside of its file: ${line}:${column} to ${endLine}:${endColumn}`);
    }
  }
}

/** The same of what an inner part reports. */
export class Sink implements DiagnosticSink {
  readonly all: Diagnostic[] = [];

  report(diagnostic: Diagnostic): void {
    expectKnown(diagnostic);
    const { code, span } = diagnostic;
    if (span !== undefined) {
      const { start, end, file } = span;
      if (!(start >= 0 && start <= end && end <= Math.max(file.text.length, start + 1))) {
        throw new Error(`${code} is outside of its file: ${start} to ${end} of ${file.text.length}`);
      }
    }
    this.all.push(diagnostic);
  }

  get hasErrors(): boolean {
    return this.all.some(({ level }) => level === "error");
  }
}

/** Whatever stood in the input: nothing that steers a terminal, forges a line of a workflow, or breaks a document. */
export function expectPrintable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are hostile
  const found = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.exec(text);
  if (found !== null) {
    const around = JSON.stringify(text.slice(Math.max(0, found.index - 60), found.index + 60));
    throw new Error(`a control character is printed: ${around}`);
  }
  return text;
}
