/**
 * One file of frames (`frames.ts`) as its writer and its readers have it: what it holds, where, and what the last commit says.
 * A commit is one write and one sync, whatever it brings; what is in the file already is named and not written. A reader goes on
 * where it was when the file grows. Nothing of what the objects say is kept in memory.
 */

import { constants, readSync } from "node:fs";
import { type FileHandle, open, rename, stat } from "node:fs/promises";
import path from "node:path";
import {
  decodeFrames,
  decodePayload,
  encodeFrame,
  encodePayload,
  FORMAT,
  FrameKind,
  keyOfPayload,
  type Payload,
  refsOf,
} from "./frames.ts";

/** A journal that nothing can be read from; the message completes "the state in DIR …". */
export class BrokenJournalError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BrokenJournalError";
  }
}

/** Where the payload of an object is. */
interface Place {
  readonly start: number;
  readonly length: number;
}

/** What somebody may have of a journal. */
type Objects = Pick<Journal, "has" | "payload">;

/** What a commit brings, beside what is there. */
export class Batch {
  readonly #there: Objects | undefined;
  /** By name, in the order in which they were put: what an object names comes before it. */
  readonly added = new Map<string, Buffer>();

  constructor(there?: Objects) {
    this.#there = there;
  }

  has(key: string): boolean {
    return this.added.has(key) || this.#there?.has(key) === true;
  }

  /** What it names must be there or have been put. Gives its name. */
  put(object: Payload): string {
    const payload = encodePayload(object);
    const key = keyOfPayload(FrameKind.object, payload);
    if (!this.has(key)) {
      this.added.set(key, payload);
    }
    return key;
  }

  /** Throws a `BrokenJournalError` for what is in neither. */
  payload(key: string): Buffer {
    const payload = this.added.get(key) ?? this.#there?.payload(key);
    if (payload === undefined) {
      throw new BrokenJournalError(NOT_HELD);
    }
    return payload;
  }
}

const NOT_HELD = "names something that it does not hold";
/** Files of a state have private keys in them. */
const OWNER_ONLY = 0o600;
/** Nobody puts another file under a name of ours by a link. */
const NO_LINKS = constants.O_NOFOLLOW;
/** A header of any format fits. */
const HEADER_BYTES = 4_096;
const PIECE_BYTES = 1 << 20;

export class Journal {
  readonly #file: FileHandle;
  readonly #places = new Map<string, Place>();
  /** What comes after this was not committed. */
  #end = 0;
  #commit: Place | undefined;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens one that is there. Throws a `BrokenJournalError` when it holds no commit, or is of another format. */
  static async open(name: string): Promise<Journal> {
    const file = await open(name, constants.O_RDWR | NO_LINKS);
    const journal = new Journal(file);
    try {
      await journal.#readHeader();
      if (!(await journal.refresh())) {
        throw new BrokenJournalError("holds nothing that was written whole");
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    return journal;
  }

  /**
   * Writes a new one, which holds a commit and what that names, out of a batch and the journal that the batch was made for, and
   * puts it in its place by a rename: it is there whole or not at all.
   */
  static async write(name: string, head: Payload, batch: Batch): Promise<Journal> {
    const temporary = `${name}.new`;
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | NO_LINKS;
    const file = await open(temporary, flags, OWNER_ONLY);
    try {
      const journal = new Journal(file);
      const writer = new Writer(file, 0);
      await writer.add(FrameKind.header, Buffer.from(JSON.stringify({ format: FORMAT })));
      await writer.finish();
      journal.#end = writer.end;
      await journal.#append(reachable(head.refs, batch), head);
      await rename(temporary, name);
      await syncFolder(path.dirname(name));
      return journal;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes, of what is of use and what is not. */
  get size(): number {
    return this.#end;
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  /** Throws for what is not there: whoever asks has seen its name in something that is. */
  read(key: string): Payload {
    return decodePayload(this.payload(key));
  }

  /** As it stands there, with the names of what it names. */
  payload(key: string): Buffer {
    const place = this.#places.get(key);
    if (place === undefined) {
      throw new BrokenJournalError(NOT_HELD);
    }
    return this.#bytes(place);
  }

  /** What was committed last. */
  get head(): Payload {
    return decodePayload(this.#bytes(this.#commit!));
  }

  /** Resolves when it is on the disk. When it rejects nothing has changed, and the same can be tried again. */
  append(batch: Batch, head: Payload): Promise<void> {
    return this.#append(batch.added, head);
  }

  async #append(objects: Iterable<readonly [string, Buffer]>, head: Payload): Promise<void> {
    const writer = new Writer(this.#file, this.#end);
    const places = new Map<string, Place>();
    try {
      for (const [key, payload] of objects) {
        places.set(key, await writer.add(FrameKind.object, payload));
      }
      const commit = await writer.add(FrameKind.commit, encodePayload(head));
      await writer.finish();
      for (const [key, place] of places) {
        this.#places.set(key, place);
      }
      this.#commit = commit;
      this.#end = writer.end;
    } catch (error) {
      // What was written of it must not be taken for a part of what comes next.
      await this.#file.truncate(this.#end).catch(() => {});
      throw error;
    }
  }

  /** Reads what a writer has added. Whether there is a new commit. */
  async refresh(): Promise<boolean> {
    const { size } = await this.#file.stat();
    if (size <= this.#end) {
      return false;
    }
    const bytes = Buffer.alloc(size - this.#end);
    await this.#file.read(bytes, 0, bytes.length, this.#end);
    const base = this.#end;
    const found = new Map<string, Place>();
    let isNew = false;
    for (const { kind, key, start, length, end } of decodeFrames(bytes)) {
      const place = { start: base + start, length };
      if (kind === FrameKind.object) {
        found.set(key, place);
        continue;
      }
      if (kind === FrameKind.header) {
        break;
      }
      for (const [name, one] of found) {
        this.#places.set(name, one);
      }
      found.clear();
      this.#commit = place;
      this.#end = base + end;
      isNew = true;
    }
    return isNew;
  }

  /** Whether the file that has this name now is another one. */
  async isReplaced(name: string): Promise<boolean> {
    const [own, there] = [await this.#file.stat(), await stat(name).catch(() => undefined)];
    return there === undefined || there.ino !== own.ino || there.dev !== own.dev;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #readHeader(): Promise<void> {
    const bytes = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, 0);
    const [header] = decodeFrames(bytes.subarray(0, bytesRead));
    if (header?.kind !== FrameKind.header) {
      throw new BrokenJournalError(bytesRead === 0 ? "is empty" : "is not a state of sluice, or was damaged");
    }
    const text = bytes.toString("utf8", header.start, header.end);
    const { format } = JSON.parse(text) as { readonly format: number };
    if (format !== FORMAT) {
      throw new BrokenJournalError(
        `is of format ${format}, which a newer sluice has written; this one reads format ${FORMAT}`,
      );
    }
    this.#end = header.end;
  }

  /** As they stand in the file; what was committed does not change. */
  bytesAt(start: number, length: number): Buffer {
    return this.#bytes({ start, length });
  }

  #bytes({ start, length }: Place): Buffer {
    const bytes = Buffer.alloc(length);
    readSync(this.#file.fd, bytes, 0, length, start);
    return bytes;
  }
}

/** Everything that these name, and what that names; whatever names something comes after it. */
function* reachable(keys: readonly string[], batch: Batch): Generator<readonly [string, Buffer]> {
  const done = new Set<string>();
  const open: { readonly key: string; readonly payload: Buffer; readonly refs: string[] }[] = [];
  const enter = (key: string) => {
    if (!done.has(key)) {
      done.add(key);
      const payload = batch.payload(key);
      open.push({ key, payload, refs: refsOf(payload) });
    }
  };
  for (const root of keys) {
    enter(root);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const next = top.refs.pop();
      if (next === undefined) {
        open.pop();
        yield [top.key, top.payload];
      } else {
        enter(next);
      }
    }
  }
}

/** Writes frames behind one another, in pieces that are worth a call. */
class Writer {
  readonly #file: FileHandle;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Where what waits will stand. */
  #at: number;
  /** Behind the last frame. */
  end: number;

  constructor(file: FileHandle, at: number) {
    this.#file = file;
    this.#at = at;
    this.end = at;
  }

  async add(kind: FrameKind, payload: Buffer): Promise<Place> {
    const frame = encodeFrame(kind, payload);
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
    this.end += frame.length;
    if (this.#waitingBytes >= PIECE_BYTES) {
      await this.#flush();
    }
    return { start: this.end - payload.length, length: payload.length };
  }

  /** Resolves when all of it is on the disk. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#file.datasync();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    for (let written = 0; written < bytes.length; ) {
      const rest = bytes.length - written;
      const { bytesWritten } = await this.#file.write(bytes, written, rest, this.#at + written);
      written += bytesWritten;
    }
    this.#at += bytes.length;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}

/** A rename is on the disk when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
