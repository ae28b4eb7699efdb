/**
 * Reads the input: files, directories and standard input, in a fixed order. What cannot be read is reported,
 * never skipped in silence.
 */

import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import type { DiagnosticSink } from "../diagnostics/diagnostic.ts";
import type { SourceFile } from "./span.ts";

const EXTENSIONS = new Set([".yaml", ".yml", ".json"]);
/** Bytes; larger input is refused before it is parsed. */
const MAX_FILE_SIZE = 64 * 1024 * 1024;

/** Reads every path; `-` is standard input, a directory is all its `.yaml`, `.yml` and `.json`, recursively. */
export async function readInputs(paths: readonly string[], sink: DiagnosticSink): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const seen = new Set<string>();
  const add = (name: string, bytes: Uint8Array) => {
    const file = decode(name, bytes, sink);
    if (file) files.push(file);
  };
  for (const given of paths) {
    if (given === "-") {
      if (!seen.has("-")) add("<stdin>", await buffer(process.stdin));
      seen.add("-");
      continue;
    }
    for (const name of await expand(given, sink)) {
      const key = path.resolve(name);
      if (seen.has(key)) continue;
      seen.add(key);
      try {
        const { size } = await stat(name);
        if (size > MAX_FILE_SIZE) {
          sink.report({
            code: "SL0003",
            level: "error",
            message: `${name} has ${size} bytes; at most ${MAX_FILE_SIZE} are read`,
          });
          continue;
        }
        add(name, await readFile(name));
      } catch (error) {
        unreadable(name, error, sink);
      }
    }
  }
  return files;
}

async function expand(given: string, sink: DiagnosticSink): Promise<string[]> {
  try {
    if (!(await stat(given)).isDirectory()) return [given];
    const entries = await readdir(given, { recursive: true, withFileTypes: true });
    const names = entries
      .filter((entry) => !entry.isDirectory() && EXTENSIONS.has(path.extname(entry.name)))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
    if (names.length === 0) {
      sink.report({
        code: "SL0004",
        level: "error",
        message: `${given} holds no .yaml, .yml or .json file`,
      });
    }
    return names;
  } catch (error) {
    unreadable(given, error, sink);
    return [];
  }
}

function unreadable(name: string, error: unknown, sink: DiagnosticSink): void {
  const code = (error as NodeJS.ErrnoException).code;
  const why =
    code === "ENOENT" ? "it does not exist" : code === "EACCES" ? "permission is denied" : String(error);
  sink.report({ code: "SL0001", level: "error", message: `cannot read ${name}: ${why}` });
}

function decode(name: string, bytes: Uint8Array, sink: DiagnosticSink): SourceFile | undefined {
  try {
    return { path: name, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    // Read loosely, only to show where: what is no character becomes U+FFFD.
    const text = new TextDecoder("utf-8").decode(bytes);
    const start = Math.max(0, text.indexOf("\ufffd"));
    const span = { file: { path: name, text }, start, end: start + 1 };
    sink.report({ code: "SL0002", level: "error", message: `${name} is not UTF-8 text`, span });
    return undefined;
  }
}
