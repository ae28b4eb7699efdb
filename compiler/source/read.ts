/** Reads the files that were listed. What cannot be read is reported, never skipped in silence. */

import { isUtf8 } from "node:buffer";
import type { Diagnostic, DiagnosticSink } from "../diagnostics/diagnostic.ts";
import type { SourceFile } from "../diagnostics/span.ts";
import type { Progress } from "../progress.ts";
import { isBlank } from "./blank.ts";
import { readAtMost, readStreamAtMost } from "./bounded.ts";
import { isSameFile, type ListedFile, type Listing, reportUnreadable, STDIN } from "./list-inputs.ts";

/** Bytes; larger input is refused before it is parsed. */
const MAX_FILE_SIZE = 64 * 1024 * 1024;
/** Milliseconds; a file that was just changed may be changed again without its times telling. */
const SETTLED = 2000;

interface Kept {
  readonly file: SourceFile;
  /** As it was looked at last: what nobody has looked at since is the same object. */
  listed: ListedFile;
  /** Whether it is what it was for as long as its times are. */
  readonly isSettled: boolean;
}

/** What the last reading found: a change to one file of thousands costs no reading of the others. */
export class FileCache {
  /** By name. */
  readonly kept = new Map<string, Kept>();
  /** Of standard input, pipes and devices, which can be read once only. */
  readonly once = new Map<string, Once>();
}

interface Once {
  readonly file: SourceFile | undefined;
  readonly findings: readonly Diagnostic[];
}

/** One after another and not awaited: for thousands of small files that takes a fraction of the time. */
export async function readListed(
  { files }: Listing,
  sink: DiagnosticSink,
  progress: Progress,
  cache: FileCache,
): Promise<SourceFile[]> {
  const read: SourceFile[] = [];
  const { kept } = cache;
  let known = 0;
  for (const [i, listed] of files.entries()) {
    const { name, stats } = listed;
    progress.at("reading", i, files.length);
    if (stats === undefined || !stats.isFile()) {
      const { file, findings } = cache.once.get(name) ?? (await readOnce(listed));
      cache.once.set(name, { file, findings });
      read.push(...(file === undefined ? [] : [file]));
      for (const finding of findings) {
        sink.report(finding);
      }
      continue;
    }
    const before = kept.get(name);
    if (before?.isSettled && isSameFile(before.listed, listed)) {
      known += 1;
      read.push(before.file);
      before.listed = listed;
      continue;
    }
    const now = readFile(listed, sink);
    if (now === undefined) {
      kept.delete(name);
      continue;
    }
    // What is written again as it was, as a checkout does, is the same to everybody who knows it.
    const isSame = before?.file.text === now.text && before.file.folder === now.folder;
    const file = isSame ? before.file : now;
    known += 1;
    read.push(file);
    kept.set(name, { file, listed, isSettled: isSettled(listed) });
  }
  if (kept.size > known) {
    const names = new Set(files.map(({ name }) => name));
    for (const name of kept.keys()) {
      if (!names.has(name)) {
        kept.delete(name);
      }
    }
  }
  return read;
}

function readFile({ name, folder }: ListedFile, sink: DiagnosticSink): SourceFile | undefined {
  try {
    return decode(name, readAtMost(name, MAX_FILE_SIZE), sink, folder);
  } catch (error) {
    reportUnreadable(name, error, sink);
    return undefined;
  }
}

async function readOnce(listed: ListedFile): Promise<Once> {
  const findings: Diagnostic[] = [];
  const sink: DiagnosticSink = { report: (finding) => void findings.push(finding) };
  const file = listed.name === STDIN ? await readStdin(sink) : readFile(listed, sink);
  return { file, findings };
}

async function readStdin(sink: DiagnosticSink): Promise<SourceFile | undefined> {
  try {
    const file = decode("<stdin>", await readStreamAtMost(process.stdin, MAX_FILE_SIZE), sink);
    if (file === undefined || !isBlank(file.text)) {
      return file;
    }
    const isEmpty = file.text.trim() === "";
    sink.report({
      code: "SL0013",
      level: "error",
      message: isEmpty ? "standard input is empty" : "standard input has nothing but comments in it",
      help: "Look at the command that should have written to it: it may have failed.",
    });
    return undefined;
  } catch (error) {
    reportUnreadable("standard input", error, sink);
    return undefined;
  }
}

/** Not of all that can be read do the times tell anything. */
function isSettled({ stats }: ListedFile): boolean {
  return stats !== undefined && Date.now() - Number(stats.ctimeMs) > SETTLED;
}

function decode(
  name: string,
  bytes: Uint8Array,
  sink: DiagnosticSink,
  folder?: string,
): SourceFile | undefined {
  // What is no character becomes U+FFFD; a byte order mark is left out.
  const utf16 = utf16Of(bytes);
  const text = new TextDecoder(utf16 ?? "utf-8").decode(bytes);
  const file: SourceFile = { path: name, text, ...(folder !== undefined && { folder }) };
  if (isUtf8(bytes) && utf16 === undefined) {
    return file;
  }
  const start = Math.max(0, text.indexOf("\ufffd"));
  sink.report({
    code: "SL0002",
    level: "error",
    message: `${name} is ${utf16 === undefined ? "not UTF-8 text" : "UTF-16 text, not UTF-8"}`,
    span: { file, start, end: start + 1 },
    ...(utf16 !== undefined && { help: "Convert it with `iconv -f UTF-16 -t UTF-8`." }),
  });
  return undefined;
}

/** By its mark, or by the zeros beside its first two characters, which are ASCII in YAML and JSON. */
function utf16Of(bytes: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  const [a, b, c, d] = bytes;
  if ((a === 0xff && b === 0xfe) || (b === 0 && d === 0 && a !== 0 && c !== 0 && c !== undefined)) {
    return "utf-16le";
  }
  return (a === 0xfe && b === 0xff) || (a === 0 && c === 0 && b !== 0 && d !== 0 && d !== undefined)
    ? "utf-16be"
    : undefined;
}
