/**
 * Reads the input: files, directories and standard input, in a fixed order. What cannot be read is reported,
 * never skipped in silence.
 */

import { isUtf8 } from "node:buffer";
import { type Stats, statSync } from "node:fs";
import path from "node:path";
import type { DiagnosticSink } from "../diagnostics/diagnostic.ts";
import type { SourceFile } from "../diagnostics/span.ts";
import { NO_PROGRESS, type Progress } from "../progress.ts";
import { readAtMost, readStreamAtMost, TooLargeError, TooManyError, whyUnreadable } from "./bounded.ts";
import { filesIn } from "./walk.ts";

const EXTENSIONS = new Set([".yaml", ".yml", ".json"]);
/** Bytes; larger input is refused before it is parsed. */
const MAX_FILE_SIZE = 64 * 1024 * 1024;

interface Kept {
  readonly file: SourceFile;
  readonly stats: Stats;
}

/** What the last reading found: a change to one file of thousands costs no reading of the others. */
export class FileCache {
  /** By absolute path. */
  kept: ReadonlyMap<string, Kept> = new Map();
}

/** Milliseconds; a file that was just changed may be changed again without its times telling. */
const SETTLED = 2000;

/** Reads every path; `-` is standard input, a directory is all its `.yaml`, `.yml` and `.json`, recursively. */
export async function readInputs(
  paths: readonly string[],
  sink: DiagnosticSink,
  progress: Progress = NO_PROGRESS,
  cache: FileCache = new FileCache(),
): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const seen = new Set<string>();
  const keep = new Map<string, Kept>();
  const add = (name: string, bytes: Uint8Array) => {
    const file = decode(name, bytes, sink);
    if (file) {
      files.push(file);
    }
    return file;
  };
  for (const given of paths) {
    if (given === "-") {
      if (seen.has("-")) {
        continue;
      }
      seen.add("-");
      try {
        add("<stdin>", await readStreamAtMost(process.stdin, MAX_FILE_SIZE));
      } catch (error) {
        unreadable("standard input", error, sink);
      }
      continue;
    }
    // One after another and not awaited: for thousands of small files that takes a fraction of the time.
    const { names, isDirectory } = expand(given, sink);
    for (const [i, name] of names.entries()) {
      progress.at("reading", i, names.length);
      const key = path.resolve(name);
      if (seen.has(key)) {
        continue;
      }
      seen.add(key);
      try {
        const stats = statSync(name);
        // In a directory a pipe or a device is an accident, and may have no end; by name it was meant.
        if (isDirectory && !stats.isFile()) {
          const message = `cannot read ${name}: it is not a regular file`;
          sink.report({ code: "SL0001", level: "error", message });
          continue;
        }
        const known = cache.kept.get(key);
        if (known !== undefined && known.file.path === name && isSame(known.stats, stats)) {
          files.push(known.file);
          keep.set(key, known);
          continue;
        }
        const file = add(name, readAtMost(name, MAX_FILE_SIZE));
        if (file !== undefined && isSettled(stats)) {
          keep.set(key, { file, stats });
        }
      } catch (error) {
        unreadable(name, error, sink);
      }
    }
  }
  cache.kept = keep;
  return files;
}

/** By what a change cannot leave as it was. Times are fractions of a millisecond, to less than a microsecond. */
function isSame(one: Stats, other: Stats): boolean {
  return (
    one.ino === other.ino &&
    one.size === other.size &&
    one.mtimeMs === other.mtimeMs &&
    one.ctimeMs === other.ctimeMs &&
    one.dev === other.dev
  );
}

/** Not of all that can be read do the times tell anything. */
function isSettled(stats: Stats): boolean {
  return stats.isFile() && Date.now() - stats.ctimeMs > SETTLED;
}

function expand(
  given: string,
  sink: DiagnosticSink,
): { readonly names: readonly string[]; readonly isDirectory: boolean } {
  try {
    if (!statSync(given).isDirectory()) {
      return { names: [given], isDirectory: false };
    }
    const names = filesIn(
      given,
      (name) => EXTENSIONS.has(path.extname(name)),
      (name, error) => unreadable(name, error, sink),
    );
    if (names.length === 0) {
      sink.report({
        code: "SL0004",
        level: "error",
        message: `${given} contains no .yaml, .yml or .json file`,
      });
    }
    return { names, isDirectory: true };
  } catch (error) {
    unreadable(given, error, sink);
    return { names: [], isDirectory: false };
  }
}

function unreadable(name: string, error: unknown, sink: DiagnosticSink): void {
  const code = error instanceof TooLargeError || error instanceof TooManyError ? "SL0003" : "SL0001";
  const message = `cannot read ${name === "" ? '""' : name}: ${whyUnreadable(error)}`;
  sink.report({ code, level: "error", message });
}

function decode(name: string, bytes: Uint8Array, sink: DiagnosticSink): SourceFile | undefined {
  // What is no character becomes U+FFFD; a byte order mark is left out.
  const text = new TextDecoder("utf-8").decode(bytes);
  if (isUtf8(bytes)) {
    return { path: name, text };
  }
  const start = Math.max(0, text.indexOf("\ufffd"));
  const span = { file: { path: name, text }, start, end: start + 1 };
  sink.report({ code: "SL0002", level: "error", message: `${name} is not UTF-8 text`, span });
  return undefined;
}
