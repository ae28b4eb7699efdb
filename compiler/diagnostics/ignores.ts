/**
 * `# sluice: ignore CODE reason` in the YAML: silences a warning on its line, or, alone on a line, on the next one that
 * has anything. Errors cannot be silenced, but for
 * those that are the user's to decide, and what silences nothing is told.
 */

import { DIAGNOSTIC_CODES, type DiagnosticCode, isForUsersToDecide, istioCodes, levelFor } from "./codes.ts";
import type { Diagnostic, DiagnosticSink } from "./diagnostic.ts";
import { nearest } from "./nearest.ts";
import { positionAt } from "./position.ts";
import type { SourceFile } from "./span.ts";

interface Ignore {
  readonly code: string;
  readonly reason: string;
  /** Where the comment stands. */
  readonly start: number;
  readonly end: number;
  /** The line that it is about. */
  readonly line: number;
}

interface FileIgnores {
  readonly all: readonly Ignore[];
  /** Code → line → the comments that are about both. */
  readonly byCode: ReadonlyMap<string, ReadonlyMap<number, readonly Ignore[]>>;
}

function indexed(all: readonly Ignore[]): FileIgnores {
  const byCode = new Map<string, Map<number, Ignore[]>>();
  for (const ignore of all) {
    const byLine = byCode.get(ignore.code) ?? new Map<number, Ignore[]>();
    byCode.set(ignore.code, byLine);
    const onLine = byLine.get(ignore.line) ?? [];
    byLine.set(ignore.line, onLine);
    onLine.push(ignore);
  }
  return { all, byCode };
}

export class Ignores {
  readonly #byFile = new Map<SourceFile, FileIgnores>();
  readonly #used = new Set<Ignore>();

  /** Also remembers that the comment was of use. */
  silences({ code, level, span }: Diagnostic): boolean {
    if (span === undefined || (level === "error" && !isForUsersToDecide(code))) {
      return false;
    }
    const byLine = this.#of(span.file).byCode.get(code);
    // Where nothing is silenced, no position has to be worked out.
    const found = byLine?.get(positionAt(span.file, span.start).line) ?? [];
    for (const ignore of found) {
      this.#used.add(ignore);
    }
    return found.length > 0;
  }

  /** To be asked when everything was found that is to be found. */
  reportUseless(files: Iterable<SourceFile>, sink: DiagnosticSink): void {
    for (const file of files) {
      for (const ignore of this.#of(file).all) {
        this.#reportUseless(file, ignore, sink);
      }
    }
  }

  #reportUseless(file: SourceFile, ignore: Ignore, sink: DiagnosticSink): void {
    const say = (code: DiagnosticCode, message: string, help: string) =>
      sink.report({
        code,
        level: DIAGNOSTIC_CODES[code].level,
        message,
        span: { file, start: ignore.start, end: ignore.end },
        help,
      });
    if (!Object.hasOwn(DIAGNOSTIC_CODES, ignore.code)) {
      say("SL0902", `"${ignore.code}" is not a known code`, helpWith(ignore.code));
    } else if (levelFor(ignore.code as DiagnosticCode, "answer") === "error") {
      say("SL0902", `${ignore.code} is an error, and errors cannot be silenced`, "Fix the error instead.");
    } else if (!this.#used.has(ignore)) {
      say(
        "SL0901",
        ignore.line === NO_LINE
          ? `there is no ${ignore.code} to silence below this comment`
          : `there is no ${ignore.code} to silence on line ${ignore.line}`,
        "Remove the comment.",
      );
    } else if (ignore.reason === "") {
      say("SL0903", `the reason for ignoring ${ignore.code} is missing`, "Write the reason after the code.");
    }
  }

  #of(file: SourceFile): FileIgnores {
    let ignores = this.#byFile.get(file);
    if (ignores === undefined) {
      ignores = indexed(ignoresIn(file));
      this.#byFile.set(file, ignores);
    }
    return ignores;
  }
}

function helpWith(unknown: string): string {
  const codes = Object.keys(DIAGNOSTIC_CODES) as DiagnosticCode[];
  const same = codes.filter((code) => istioCodes(code).includes(unknown));
  if (same.length > 0) {
    return `That is Istio's code; use Sluice's: ${same.join(", ")}.`;
  }
  const near = nearest(unknown, codes);
  return near === undefined ? "Use the form # sluice: ignore SL0801 reason." : `Did you mean ${near}?`;
}

const MARK = "sluice:";
/** Of a comment with nothing behind it. */
const NO_LINE = 0;
/** As much of a comment as is read. */
const MAX_COMMENT = 500;

function ignoresIn(file: SourceFile): Ignore[] {
  const { text } = file;
  const ignores: Ignore[] = [];
  let next: LineAt = { start: -1, line: 0 };
  for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at + 1)) {
    const before = /(?:^|[\s\ufeff])#[ \t]{0,8}$/.exec(text.slice(Math.max(0, at - 10), at));
    const [rest = ""] = text.slice(at + MARK.length, at + MAX_COMMENT).split(/\r?\n/, 1);
    const parts = /^[ \t]*ignore[ \t]+([\w,]+)[ \t]*(.*)$/.exec(rest);
    if (before === null || parts === null) {
      continue;
    }
    const start = text.lastIndexOf("#", at);
    const isAlone = /^\s*$/.test(
      text.slice(text.lastIndexOf("\n", start - 1) + 1, start).slice(0, MAX_COMMENT),
    );
    // Comments that follow one another are about the same line.
    if (isAlone && next.start < at) {
      next = nextLine(file, at);
    }
    const line = isAlone ? next.line : positionAt(file, at).line;
    for (const code of parts[1]!.split(",").filter((one) => one !== "")) {
      ignores.push({
        code,
        reason: parts[2]!.trim(),
        start,
        end: at + MARK.length + rest.trimEnd().length,
        line,
      });
    }
  }
  return ignores;
}

interface LineAt {
  readonly start: number;
  readonly line: number;
}

/** The line of what comes next and is neither blank nor a comment. */
function nextLine(file: SourceFile, from: number): LineAt {
  const { text } = file;
  for (let at = text.indexOf("\n", from); at >= 0; at = text.indexOf("\n", at + 1)) {
    const [first] = /\S/.exec(text.slice(at + 1, at + 1 + MAX_COMMENT)) ?? [];
    const lineEnd = text.indexOf("\n", at + 1);
    const line = text
      .slice(at + 1, lineEnd < 0 ? at + 1 + MAX_COMMENT : Math.min(lineEnd, at + 1 + MAX_COMMENT))
      .trim();
    if (first !== undefined && line !== "" && !line.startsWith("#")) {
      return { start: at + 1, line: positionAt(file, at + 1).line };
    }
  }
  return { start: text.length, line: NO_LINE };
}
