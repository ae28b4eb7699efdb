/**
 * What the paths of an input stand for at this moment: which files there are, in which order, and what each of them is. Nothing
 * is opened, so that a look costs little, and two looks tell whether anything has changed.
 */

import { type BigIntStats, statSync } from "node:fs";
import path from "node:path";
import type { Diagnostic, DiagnosticSink } from "../diagnostics/diagnostic.ts";
import { TooLargeError, TooManyError, whyUnreadable } from "./bounded.ts";
import { globMatcher } from "./glob.ts";
import { searchFolder } from "./walk.ts";

export const STDIN = "-";

const EXTENSIONS = new Set([".yaml", ".yml", ".json"]);

/** Of a file that is found in a folder. */
export function isWantedName(name: string): boolean {
  return EXTENSIONS.has(path.extname(name));
}

/** Which files are meant. */
export interface InputPaths {
  /** Files and folders; `-` is standard input. */
  readonly paths: readonly string[];
  /** Patterns of what is left out, as of `globMatcher`. */
  readonly exclude: readonly string[];
}

export interface ListedFile {
  /** As it is called in findings. */
  readonly name: string;
  /** Absent for standard input. */
  readonly stats?: BigIntStats;
  /** The folder that was searched to find it; absent for what was named. */
  readonly folder?: string;
}

export interface Listing {
  readonly files: readonly ListedFile[];
  /** What could not be looked at, and why. */
  readonly problems: readonly Diagnostic[];
  /** All folders that were searched. */
  readonly folders: readonly string[];
  /** Files in them that are symbolic links. */
  readonly links: readonly string[];
}

/** A file that is reached in several ways (by its name and in a folder, by a link, by a hard link) is there once. */
export function listInputs({ paths, exclude }: InputPaths): Listing {
  const isExcluded = globMatcher(exclude);
  const files = new Map<string, ListedFile>();
  const folders: string[] = [];
  const links: string[] = [];
  const problems: Diagnostic[] = [];
  const sink: DiagnosticSink = { report: (diagnostic) => void problems.push(diagnostic) };
  const add = (name: string, stats: BigIntStats, folder?: string) => {
    const key = `${stats.dev}:${stats.ino}`;
    const known = files.get(key);
    if (known === undefined) {
      files.set(key, { name, stats, ...(folder !== undefined && { folder }) });
    } else if (folder === undefined && known.folder !== undefined) {
      // Found before, and also named: more is asked of it.
      files.set(key, { name: known.name, stats });
    }
  };
  for (const given of paths) {
    if (given === STDIN) {
      files.set(STDIN, { name: STDIN });
      continue;
    }
    if (isExcluded(given)) {
      continue;
    }
    try {
      const stats = statSync(given, { bigint: true });
      if (!stats.isDirectory()) {
        add(given, stats);
        continue;
      }
      const found = searchFolder(given, {
        isWanted: isWantedName,
        isLeftOut: isExcluded,
        onUnreadable: (name, error) => reportUnreadable(name, error, sink),
      });
      folders.push(...found.folders);
      links.push(...found.links);
      for (const name of found.files) {
        addFound(name, given, add, sink);
      }
      if (found.files.length === 0) {
        sink.report({
          code: "SL0004",
          level: "error",
          message: `${given} contains no .yaml, .yml or .json file`,
        });
      }
    } catch (error) {
      reportUnreadable(given, error, sink);
    }
  }
  return { files: [...files.values()], problems, folders, links };
}

function addFound(
  name: string,
  folder: string,
  add: (name: string, stats: BigIntStats, folder: string) => void,
  sink: DiagnosticSink,
): void {
  try {
    const stats = statSync(name, { bigint: true });
    // In a folder a pipe or a device is an accident, and may have no end; by name it was meant.
    if (stats.isFile()) {
      add(name, stats, folder);
    } else {
      sink.report({
        code: "SL0001",
        level: "error",
        message: `cannot read ${name}: it is not a regular file`,
      });
    }
  } catch (error) {
    reportUnreadable(name, error, sink);
  }
}

/** Whether nothing has changed between two looks that a look can tell. */
export function isSameListing(one: Listing, other: Listing): boolean {
  if (one === other) {
    return true;
  }
  return (
    one.files.length === other.files.length &&
    one.files.every((file, i) => isSameFile(file, other.files[i]!)) &&
    isSameList(one.folders, other.folders) &&
    isSameList(messagesOf(one.problems), messagesOf(other.problems))
  );
}

/** By what a change cannot leave as it was; the times of a pipe or a device tell nothing. */
export function isSameFile(one: ListedFile, other: ListedFile): boolean {
  if (one === other) {
    return true;
  }
  const [a, b] = [one.stats, other.stats];
  const isSame =
    one.name === other.name && one.folder === other.folder && a?.ino === b?.ino && a?.dev === b?.dev;
  return (
    isSame &&
    (a === undefined ||
      !a.isFile() ||
      (a.size === b?.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs))
  );
}

export function messagesOf(problems: readonly Diagnostic[]): string[] {
  return problems.map(({ message }) => message);
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, i) => text === other[i]);
}

/** Says what cannot be read, and why: it is never skipped in silence. */
export function reportUnreadable(name: string, error: unknown, sink: DiagnosticSink): void {
  const code = error instanceof TooLargeError || error instanceof TooManyError ? "SL0003" : "SL0001";
  const message = `cannot read ${name === "" ? '""' : name}: ${whyUnreadable(error)}`;
  sink.report({ code, level: "error", message });
}
