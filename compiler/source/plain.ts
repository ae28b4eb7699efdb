/**
 * The plain values of a file's documents, without the trees that they came from: those take ten times the memory, and
 * positions are asked for only when there is something to say. A `SourceCache` keeps what was read until the next
 * reading, so that one changed document costs one parse.
 */

import type { SourceFile } from "../diagnostics/span.ts";
import { splitDocuments } from "./split.ts";
import { type Plain, parsePlain } from "./yaml.ts";

/** A part of a file that was parsed by itself. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  /** As of `parsePlain`. The same object for as long as the text is the same. */
  readonly plain: Plain | null | undefined;
}

interface Known {
  readonly text: string;
  readonly pieces: readonly Piece[] | undefined;
}

/** What was read of each file the last time. A workspace has one of its own: what another one reads is none of its business. */
export class SourceCache {
  /** By path. */
  readonly #known = new Map<string, Known>();

  /** `undefined` for a file that cannot be cut; see `splitDocuments`. */
  piecesOf(
    { path, text }: SourceFile,
    /** Told how far it is in the file. */
    onPiece: (end: number) => void = () => {},
  ): readonly Piece[] | undefined {
    const before = this.#known.get(path);
    if (before?.text === text) {
      return before.pieces;
    }
    const starts = splitDocuments(text);
    const old = new Map<string, Plain | null | undefined>();
    for (const { start, end, plain } of before?.pieces ?? []) {
      old.set(before!.text.slice(start, end), plain);
    }
    const pieces = starts?.map((start, index): Piece => {
      const end = starts[index + 1] ?? text.length;
      const part = text.slice(start, end);
      onPiece(end);
      return { start, end, plain: old.has(part) ? old.get(part) : parsePlain(before ? copy(part) : part) };
    });
    this.#known.set(path, { text, pieces });
    return pieces;
  }

  /** Forgets what was read of all other files, once there are more than these. */
  keepOnly(files: readonly SourceFile[]): void {
    if (this.#known.size <= files.length) {
      return;
    }
    const paths = new Set(files.map(({ path }) => path));
    for (const path of this.#known.keys()) {
      if (!paths.has(path)) {
        this.#known.delete(path);
      }
    }
  }
}

/** Without it, each value that a change brings would keep the whole file that it once stood in. */
function copy(text: string): string {
  return Buffer.from(text).toString();
}
