/** Which file imports which, types included, read from the text of the files that git knows. */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "../../compiler/platform/package-root.ts";

const ROOT = packageRoot().directory;
/** What stands beside the code for its tests, and what only declares types of others. */
const BESIDE = /(\.(test|spec|fixture|arbitrary)|\.d|(^|\/)testing)\.tsx?$/;
const IMPORT = /\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The files below the given folders, each with the files of the project that it imports. */
export function importGraph(...folders: readonly string[]): ImportGraph {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...folders];
  const files = execFileSync("git", args, { cwd: ROOT, encoding: "utf8" })
    .split("\0")
    .filter((file) => /\.tsx?$/.test(file) && !BESIDE.test(file) && existsSync(path.join(ROOT, file)));
  return new Map(files.sort().map((file) => [file, importsOf(file)]));
}

/** Those that are there when the program runs: without `import type`. */
export function valueImports(file: string): string[] {
  return importsOf(file, (text) => text.replace(/\b(?:im|ex)port type\b[^;]*;/g, ""));
}

function importsOf(file: string, without: (text: string) => string = (text) => text): string[] {
  const text = without(readFileSync(path.join(ROOT, file), "utf8"));
  return [...text.matchAll(IMPORT)].map(([, name]) => {
    const target = path.posix.join(path.posix.dirname(file), name!);
    // AssemblyScript leaves the ending out.
    return path.posix.extname(target) === "" ? `${target}.ts` : target;
  });
}

/** The same between folders; a file of `compiler/` itself is a room of its own. */
export function roomGraph(files: ImportGraph): ImportGraph {
  const rooms = new Map<string, Set<string>>();
  for (const [file, imports] of files) {
    const own = rooms.get(roomOf(file)) ?? new Set();
    rooms.set(roomOf(file), own);
    for (const room of imports.map(roomOf)) {
      if (room !== roomOf(file)) {
        own.add(room);
      }
    }
  }
  return new Map([...rooms].map(([room, others]) => [room, [...others].sort()]));
}

function roomOf(file: string): string {
  const folder = path.posix.dirname(file);
  return folder === "compiler" || file === "filter/layout.ts" ? file : folder;
}

/** Sets of nodes that reach one another (Tarjan); a graph without circles has none. */
export function circles(graph: ImportGraph): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node)!, low.get(next)!));
      } else if (stack.includes(next)) {
        low.set(node, Math.min(low.get(node)!, index.get(next)!));
      }
    }
    if (low.get(node) === index.get(node)) {
      const circle = stack.splice(stack.indexOf(node));
      if (circle.length > 1) {
        found.push(circle.sort());
      }
    }
  };
  for (const node of graph.keys()) {
    if (!index.has(node)) {
      visit(node);
    }
  }
  return found;
}
