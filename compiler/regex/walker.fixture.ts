/**
 * The filter's side of expressions as a WebAssembly module of its own, compiled in memory, for tests.
 */

import { readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";
import type { RegexLiteralsTable, RegexSetTable } from "./set.ts";

const ENTRY = "walker.ts";
const SOURCE = `
export { foundNext, foundTarget, literalTargets } from "./filter/regex/literals";
export { regexFullMatch, regexSetMatch } from "./filter/regex/match";
export { verifyRegexTable } from "./filter/regex/verify";
export { arenaReset, heapAlloc, heapInUse } from "./filter/host/memory";
export { scratch } from "./filter/regex/scratch";
`;
const ROOT = new URL("../../", import.meta.url);

interface Exports {
  readonly memory: WebAssembly.Memory;
  verifyRegexTable(table: number, length: number): number;
  regexFullMatch(table: number, text: number, length: number): number;
  regexSetMatch(table: number, text: number, length: number): number;
  literalTargets(table: number, text: number, length: number): number;
  foundTarget(at: number): number;
  foundNext(at: number): number;
  arenaReset(): void;
  heapAlloc(size: number): number;
  readonly heapInUse: { readonly value: number };
}

const TEXT_SIZE = 1 << 20;

/** One table at a time, at a place that is aligned to four bytes and to nothing more. */
export class Walker {
  readonly exports: Exports;
  readonly #table: number;
  readonly #text: number;
  readonly #tableSize = 1 << 24;

  private constructor(exports: Exports) {
    this.exports = exports;
    this.#table = exports.heapAlloc(this.#tableSize) + 4;
    this.#text = exports.heapAlloc(TEXT_SIZE);
  }

  static async create(): Promise<Walker> {
    let binary: Uint8Array | undefined;
    const { error, stderr } = await asc.main(
      // What the filter itself is compiled with.
      [
        ENTRY,
        "--config",
        "none.json",
        "--outFile",
        "walker.wasm",
        "-O3",
        "--runtime",
        "stub",
        "--noAssert",
        "--use",
        "abort=",
      ],
      {
        readFile: async (name) => {
          if (name === ENTRY) {
            return SOURCE;
          }
          return await readFile(new URL(name, ROOT), "utf8").catch(() => null);
        },
        writeFile: (_name, contents) => {
          if (typeof contents !== "string") {
            binary = contents;
          }
        },
        listFiles: () => [],
      },
    );
    if (error || !binary) {
      throw new Error(`the walker does not compile: ${stderr}`);
    }
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), {});
    return new Walker(instance.exports as unknown as Exports);
  }

  /** Takes a table in, if it is sound. */
  load(table: Uint8Array): boolean {
    new Uint8Array(this.exports.memory.buffer).set(table, this.#table);
    return this.exports.verifyRegexTable(this.#table, table.length) !== 0;
  }

  matches(text: Uint8Array): boolean {
    new Uint8Array(this.exports.memory.buffer).set(text, this.#text);
    return this.exports.regexFullMatch(this.#table, this.#text, text.length) !== 0;
  }

  /** The index of the accept set, -1 for none. */
  set(text: Uint8Array): number {
    new Uint8Array(this.exports.memory.buffer).set(text, this.#text);
    return this.exports.regexSetMatch(this.#table, this.#text, text.length) - 1;
  }

  /** The patterns of a set that match a text, each as often as it is found. */
  patterns(set: RegexSetTable | RegexLiteralsTable, text: Uint8Array): readonly number[] {
    if (!this.load(set.table)) {
      throw new Error("the table is refused");
    }
    if (set.kind !== "literals") {
      return set.acceptSets[this.set(text)] ?? [];
    }
    return this.targets(text).flatMap((index) => {
      const target = set.targets[index]!;
      return "table" in target ? this.patterns(target, text) : target;
    });
  }

  /** The targets of a table of literals. */
  targets(text: Uint8Array): number[] {
    const { memory, arenaReset, literalTargets, foundTarget, foundNext } = this.exports;
    new Uint8Array(memory.buffer).set(text, this.#text);
    arenaReset();
    const targets: number[] = [];
    for (let at = literalTargets(this.#table, this.#text, text.length); at; at = foundNext(at)) {
      targets.push(foundTarget(at));
    }
    return targets;
  }

  /** Nanoseconds that one match of a text takes. */
  time(text: Uint8Array, rounds: number): number {
    this.matches(text);
    for (let i = 0; i < 10; i++) {
      this.exports.regexFullMatch(this.#table, this.#text, text.length);
    }
    const start = performance.now();
    for (let i = 0; i < rounds; i++) {
      this.exports.regexFullMatch(this.#table, this.#text, text.length);
    }
    return ((performance.now() - start) * 1e6) / rounds;
  }
}
