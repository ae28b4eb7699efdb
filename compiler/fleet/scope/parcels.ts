/**
 * What a worker sends of a compilation, and what the main thread makes of it. A message between threads is copied whole. Fifty
 * scopes of one mesh have nearly all of their routes and clusters in common, as the same objects: each of these is sent once, and named by a
 * number from then on, so that it is one object on the other side as well, with whatever was made of it there.
 *
 * The receiver keeps what it was sent until the sender says that nobody has it any more, which is when its collector finds out.
 */

import type { SourceFile, Span } from "../../diagnostics/span.ts";
import { Confidential } from "../../ir/confidential.ts";

/** Stands for something else in a parcel; the names are none that the IR has. */
type Stand =
  | { readonly $known: number }
  | { readonly $new: number; readonly value: unknown }
  | { readonly $span: readonly [file: number, start: number, end: number] }
  | { readonly $hidden: string };

/** Fields whose values, or whose items, many scopes share; or both, where lists that differ have most items in common. */
const SHARED = { routes: "whole", clusterParts: "whole", virtualHosts: "items", clusters: "both" } as const;

export class ParcelSender {
  readonly #numbers = new WeakMap<object, number>();
  readonly #gone: number[] = [];
  readonly #registry = new FinalizationRegistry<number>((number) => void this.#gone.push(number));
  #next = 1;
  #files: ReadonlyMap<object, number> = new Map();

  /** `files`: the texts that places are in, by their numbers; the receiver has them already. */
  pack(value: unknown, files: ReadonlyMap<SourceFile, number>): unknown {
    this.#files = files;
    return this.#pack(value);
  }

  /** The numbers that the receiver can forget. */
  takeGone(): readonly number[] {
    return this.#gone.splice(0);
  }

  #pack(value: unknown): unknown {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) {
      return value;
    }
    if ("file" in value) {
      // A place, which may find out only now where it is.
      const { file, start, end } = value as Span;
      const number = this.#files.get(file);
      if (number !== undefined) {
        return { $span: [number, start, end] } satisfies Stand;
      }
    }
    if (value instanceof Confidential) {
      return { $hidden: value.reveal() } satisfies Stand;
    }
    if (Array.isArray(value)) {
      return value.map((item) => this.#pack(item));
    }
    if (value instanceof Map) {
      return new Map([...value].map(([key, item]) => [key, this.#pack(item)]));
    }
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, this.#field(key, field)]));
  }

  #field(key: string, field: unknown): unknown {
    const shared =
      Array.isArray(field) && Object.hasOwn(SHARED, key) ? SHARED[key as keyof typeof SHARED] : undefined;
    if (shared === undefined) {
      return this.#pack(field);
    }
    const items = () => (field as object[]).map((item) => this.#share(item));
    switch (shared) {
      case "whole":
        return this.#share(field as object);
      case "items":
        return items();
      case "both":
        return this.#share(field as object, items);
    }
  }

  #share(value: object, packed = () => this.#pack(value)): Stand {
    const known = this.#numbers.get(value);
    if (known !== undefined) {
      return { $known: known };
    }
    const number = this.#next++;
    this.#numbers.set(value, number);
    this.#registry.register(value, number);
    return { $new: number, value: packed() };
  }
}

export class ParcelReceiver {
  readonly #known = new Map<number, unknown>();

  /** `files` by their numbers, as the sender has them. */
  unpack(value: unknown, files: readonly SourceFile[]): unknown {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) {
      return value;
    }
    if (Array.isArray(value)) {
      return value.map((item) => this.unpack(item, files));
    }
    if (value instanceof Map) {
      return new Map([...value].map(([key, item]) => [key, this.unpack(item, files)]));
    }
    const stand = value as Partial<
      Record<"$known" | "$new", number> & {
        $span: readonly [file: number, start: number, end: number];
        $hidden: string;
        value: unknown;
      }
    >;
    if (stand.$known !== undefined) {
      return this.#known.get(stand.$known);
    }
    if (stand.$new !== undefined) {
      const made = this.unpack(stand.value, files);
      this.#known.set(stand.$new, made);
      return made;
    }
    if (stand.$span !== undefined) {
      const [file, start, end] = stand.$span;
      return { file: files[file]!, start, end } satisfies Span;
    }
    if (stand.$hidden !== undefined) {
      return new Confidential(stand.$hidden);
    }
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, this.unpack(field, files)]));
  }

  forget(numbers: readonly number[]): void {
    for (const number of numbers) {
      this.#known.delete(number);
    }
  }
}
