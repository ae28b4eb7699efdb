/**
 * The expressions of a program: each is compiled once, and those that are asked together share tables.
 */

import * as layout from "../../../filter/layout.ts";
import {
  compileRegex,
  compileRegexSet,
  type RegexLiteralsTable,
  type RegexSetTable,
} from "../../regex/index.ts";
import type { RegexSet } from "./candidate.ts";
import type { BlobWriter } from "./writer.ts";

/** The REGEX records of one blob. */
export class Regexes {
  readonly #writer: BlobWriter;
  readonly #single = new Map<string, number>();
  /** Virtual hosts often ask for the same expressions. */
  readonly #sets = new Map<string, readonly RegexSet[]>();

  constructor(writer: BlobWriter) {
    this.#writer = writer;
  }

  /** The record of one expression. */
  single(pattern: string): number {
    let record = this.#single.get(pattern);
    if (record === undefined) {
      record = this.#write(compileRegex(pattern).table);
      this.#single.set(pattern, record);
    }
    return record;
  }

  /** Tables for several expressions: as few as their size allows. */
  sets(patterns: readonly string[]): readonly RegexSet[] {
    if (patterns.length === 1) {
      return [{ record: this.single(patterns[0]!), words: [[0]] }];
    }
    const key = JSON.stringify(patterns);
    let sets = this.#sets.get(key);
    if (!sets) {
      sets = compileRegexSet(patterns).map((table) => this.#writeSet(table));
      this.#sets.set(key, sets);
    }
    return sets;
  }

  #writeSet(set: RegexSetTable | RegexLiteralsTable): RegexSet {
    const record = this.#write(set.table);
    if (set.kind !== "literals") {
      return { record, words: set.acceptSets };
    }
    return {
      record,
      words: set.targets.map((target) => ("table" in target ? this.#writeSet(target) : target)),
    };
  }

  #write(table: Uint8Array): number {
    const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
    const body = new Uint32Array(1 + table.length / 4);
    body[0] = table.length;
    for (let i = 1; i < body.length; i++) {
      body[i] = view.getUint32((i - 1) * 4, true);
    }
    return this.#writer.record(layout.KIND_REGEX, body);
  }
}
