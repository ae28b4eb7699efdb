/** Lines of the files, asked for in blocks when somebody scrolls to them, the latest wish first. One for each generation of the rules. */

import { signal } from "@preact/signals";
import type { LinesView, LineToken } from "../../api.ts";

const BLOCK = 200;
/** Questions at a time, and wishes that are kept: what was scrolled past is not asked for. */
const AT_ONCE = 2;
const WISHES = 6;
/** Blocks that are kept: some 40,000 lines. */
const KEPT = 200;

type Ask = (file: number, from: number, to: number) => Promise<LinesView>;

export class LinesCache {
  /** One more whenever lines came. */
  readonly came = signal(0);
  readonly #generation: number;
  readonly #ask: Ask;
  readonly #blocks = new Map<string, readonly (readonly LineToken[])[]>();
  #wishes: string[] = [];
  #asked = new Set<string>();

  constructor(generation: number, ask: Ask) {
    this.#generation = generation;
    this.#ask = ask;
  }

  /** The tokens of a line, which counts from 1; `undefined` until they have come. */
  line(file: number, line: number): readonly LineToken[] | undefined {
    const block = Math.floor((line - 1) / BLOCK);
    const key = `${file}:${block}`;
    const lines = this.#blocks.get(key);
    if (lines === undefined) {
      this.#wish(key);
      return undefined;
    }
    return lines[line - 1 - block * BLOCK] ?? [];
  }

  #wish(key: string): void {
    if (!this.#asked.has(key) && this.#wishes.at(-1) !== key) {
      this.#wishes = [...this.#wishes.filter((wish) => wish !== key), key].slice(-WISHES);
      this.#next();
    }
  }

  #next(): void {
    if (this.#asked.size < AT_ONCE) {
      const key = this.#wishes.pop();
      if (key !== undefined) {
        this.#asked.add(key);
        void this.#fetch(key);
      }
    }
  }

  async #fetch(key: string): Promise<void> {
    const [file, block] = key.split(":").map(Number) as [number, number];
    const end = (block + 1) * BLOCK;
    try {
      const lines: (readonly LineToken[])[] = [];
      // Long lines fill an answer before it has all that was asked for.
      for (let from = block * BLOCK + 1; from <= end; ) {
        const answer = await this.#ask(file, from, end);
        if (answer.generation !== this.#generation) {
          // Other rules serve by now, and will be told.
          return;
        }
        if (answer.lines.length === 0) {
          break;
        }
        lines.push(...answer.lines);
        from += answer.lines.length;
      }
      this.#keep(key, lines);
    } catch {
      // What is still in sight is wished for again when the page draws the next report.
    } finally {
      this.#asked.delete(key);
      this.#next();
    }
  }

  #keep(key: string, lines: readonly (readonly LineToken[])[]): void {
    this.#blocks.set(key, lines);
    if (this.#blocks.size > KEPT) {
      this.#blocks.delete(this.#blocks.keys().next().value!);
    }
    this.came.value++;
  }
}
