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
  readonly #counter: AccessCounter;

  private constructor(exports: Exports, counter: AccessCounter) {
    this.exports = exports;
    this.#counter = counter;
    this.#table = exports.heapAlloc(this.#tableSize) + 4;
    this.#text = exports.heapAlloc(TEXT_SIZE);
  }

  /** `counting`: every load and store is counted, which makes it some ten times slower. */
  static async create({ counting = false } = {}): Promise<Walker> {
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
        ...(counting ? ["--runPasses", "instrument-memory"] : []),
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
    const counter: AccessCounter = { accesses: 0 };
    const imports = counting ? { env: countAccesses(counter) } : {};
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), imports);
    return new Walker(instance.exports as unknown as Exports, counter);
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

  /** Loads and stores of the filter's code while `work` runs: what it costs on any machine, however busy. */
  accessesOf(work: () => unknown): number {
    const before = this.#counter.accesses;
    work();
    return this.#counter.accesses - before;
  }
}

interface AccessCounter {
  accesses: number;
}

/** What an instrumented module calls before each access with its address, and after it with the value; it takes both back. */
function countAccesses(counter: AccessCounter): Record<string, (...args: never[]) => unknown> {
  const address = (_id: number, _bytes: number, _offset: number, at: number) => {
    counter.accesses++;
    return at;
  };
  const value = (_id: number, loaded: unknown) => loaded;
  const types = ["i32", "i64", "f32", "f64"];
  return {
    load_ptr: address,
    store_ptr: address,
    ...Object.fromEntries(
      types.flatMap((type) => [`load_val_${type}`, `store_val_${type}`].map((name) => [name, value])),
    ),
  };
}
