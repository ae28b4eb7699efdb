/**
 * The documents of one kind, the oldest object first, as istiod has them. A text that says the same stays the same object, so that
 * whoever compiles knows by a glance what has changed; a version that changes nothing of it is no change.
 */

import type { SourceFile } from "../../diagnostics/span.ts";
import type { ResourceType } from "../client/resource-types.ts";
import type { KeptObject } from "./kept-object.ts";
import { documentPath } from "./object-document.ts";

/** An object, and its document. */
export interface Entry {
  readonly file: SourceFile;
  readonly object: KeptObject;
}

export class Documents {
  readonly type: ResourceType;
  readonly #byKey = new Map<string, Entry>();
  /** In their order; `undefined` when it has to be found again. */
  #sorted: Entry[] | undefined = [];
  #files: readonly SourceFile[] | undefined = [];
  #characters = 0;

  constructor(type: ResourceType) {
    this.type = type;
  }

  get entries(): Iterable<Entry> {
    return this.#byKey.values();
  }

  /** The same list for as long as none of its documents has changed. */
  get files(): readonly SourceFile[] {
    this.#files ??= this.#inOrder().map(({ file }) => file);
    return this.#files;
  }

  /** How long all texts are together. */
  get characters(): number {
    return this.#characters;
  }

  get(key: string): Entry | undefined {
    return this.#byKey.get(key);
  }

  /** The object of that key is now this one, or gone. Whether a document is another by that. */
  set(key: string, object: KeptObject | undefined): boolean {
    const before = this.#byKey.get(key);
    if (object === undefined) {
      if (before === undefined) {
        return false;
      }
      this.#byKey.delete(key);
      this.#remove(before);
      this.#characters -= before.file.text.length;
      return true;
    }
    const isSame = before?.file.text === object.text;
    const file = isSame ? before.file : { path: documentPath(this.type, object), text: object.text };
    const entry = { file, object };
    this.#byKey.set(key, entry);
    this.#characters += file.text.length - (before?.file.text.length ?? 0);
    if (before === undefined || byAge(before, entry) !== 0) {
      if (before !== undefined) {
        this.#remove(before);
      }
      this.#insert(entry);
    } else {
      this.#replace(before, entry);
    }
    return !isSame;
  }

  #inOrder(): Entry[] {
    this.#sorted ??= [...this.#byKey.values()].sort(byAge);
    return this.#sorted;
  }

  #insert(entry: Entry): void {
    this.#files = undefined;
    // The first ones come all at once.
    const isLast = this.#sorted?.length === 0 || (this.#sorted && byAge(this.#sorted.at(-1)!, entry) < 0);
    if (isLast) {
      this.#sorted!.push(entry);
    } else {
      this.#sorted = undefined;
    }
  }

  #remove(entry: Entry): void {
    this.#files = undefined;
    const at = this.#placeOf(entry);
    if (at !== undefined) {
      this.#sorted!.splice(at, 1);
    }
  }

  #replace(before: Entry, entry: Entry): void {
    const at = this.#placeOf(before);
    if (at === undefined) {
      this.#files = undefined;
      return;
    }
    this.#sorted![at] = entry;
    if (before.file !== entry.file && this.#files !== undefined) {
      this.#files = this.#files.with(at, entry.file);
    }
  }

  /** By halves; `undefined` where the order is not known. */
  #placeOf(entry: Entry): number | undefined {
    const sorted = this.#sorted;
    if (sorted === undefined) {
      return undefined;
    }
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (byAge(sorted[middle]!, entry) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

/** `configCompareByCreationTime` of istiod: the older one, then by name, then by namespace. Times are RFC 3339 in UTC, all of one length. */
function byAge({ object: { metadata: a } }: Entry, { object: { metadata: b } }: Entry): number {
  return (
    compare(a.creationTimestamp ?? "", b.creationTimestamp ?? "") ||
    compare(a.name, b.name) ||
    compare(a.namespace ?? "", b.namespace ?? "")
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
