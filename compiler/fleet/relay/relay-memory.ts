/**
 * What each Envoy behind a relay has accepted, on disk: a journal for each (`journal.ts`), under a digest of its id. It has private
 * keys in it, and is for its owner only.
 */

import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RetryPause } from "../../run/retry-pause.ts";
import { Batch, BrokenJournalError, Journal } from "../store/journal.ts";
import { type OnNotice, prepareStateDirectory, setAside, unusableFile } from "../store/state-directory.ts";
import type { Accepted, AcceptedSet } from "./accepted.ts";

/** A commit: which types there are, and the names and versions of each; the bytes are named beside, in the same order. */
interface Head {
  readonly node: string;
  readonly types: readonly (readonly [string, readonly (readonly [name: string, version: string])[]])[];
}

/** A journal is written anew when it is so much larger than what is of use in it. */
const GROWTH = 2;
const LEAST_GROWTH_BYTES = 4 << 20;

export class RelayMemory {
  readonly #directory: string;
  readonly #onNotice: OnNotice;
  readonly #ofNodes = new Map<string, Promise<NodeMemory>>();

  private constructor(directory: string, onNotice: OnNotice) {
    this.#directory = directory;
    this.#onNotice = onNotice;
  }

  /** Throws an `EnvironmentError` where there can be no such folder. */
  static async open(directory: string, onNotice: OnNotice): Promise<RelayMemory> {
    const absolute = path.resolve(directory);
    await prepareStateDirectory(absolute, onNotice);
    return new RelayMemory(absolute, onNotice);
  }

  /** Of the Envoy with that id. What cannot be read is said, set aside, and begins anew. */
  of(node: string): Promise<NodeMemory> {
    const known = this.#ofNodes.get(node);
    if (known !== undefined) {
      return known;
    }
    const digest = createHash("sha256").update(node).digest("hex").slice(0, 16);
    const memory = NodeMemory.open(path.join(this.#directory, `envoy-${digest}`), node, this.#onNotice);
    this.#ofNodes.set(node, memory);
    return memory;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#ofNodes.values()].map(async (memory) => (await memory).close()));
  }
}

export class NodeMemory {
  readonly #name: string;
  readonly #node: string;
  readonly #onNotice: OnNotice;
  readonly #pause = new RetryPause();
  /** The object of a resource; it is written once. */
  readonly #keys = new WeakMap<Accepted, string>();
  #journal: Journal | undefined;
  #accepted: AcceptedSet = new Map();
  #wanted: AcceptedSet | undefined;
  #writing: Promise<void> | undefined;
  #usefulBytes = 0;
  #trouble: string | undefined;
  readonly #closed = new AbortController();

  private constructor(name: string, node: string, onNotice: OnNotice) {
    this.#name = name;
    this.#node = node;
    this.#onNotice = onNotice;
  }

  static async open(name: string, node: string, onNotice: OnNotice): Promise<NodeMemory> {
    const memory = new NodeMemory(name, node, onNotice);
    try {
      await memory.#read();
    } catch (error) {
      const why =
        error instanceof BrokenJournalError ? error.message : `cannot be read: ${(error as Error).message}`;
      const to = await setAside(name).catch(() => name);
      onNotice(`what ${node} had accepted, ${name}, ${why}; it is now ${to}, and begins anew`);
    }
    return memory;
  }

  get accepted(): AcceptedSet {
    return this.#accepted;
  }

  /** Remembers a state in place of the one before, and writes it as soon as it can. */
  remember(accepted: AcceptedSet): void {
    this.#accepted = accepted;
    this.#wanted = accepted;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#writing;
    await this.#journal?.close();
  }

  async #read(): Promise<void> {
    if ((await lstat(this.#name).catch(() => undefined)) === undefined) {
      return;
    }
    const why = await unusableFile(this.#name);
    if (why !== undefined) {
      throw new BrokenJournalError(why);
    }
    const journal = await Journal.open(this.#name);
    this.#journal = journal;
    this.#usefulBytes = journal.size;
    const { refs, json } = journal.head;
    let at = 0;
    this.#accepted = new Map(
      (JSON.parse(json) as Head).types.map(([type, entries]) => [
        type,
        new Map(
          entries.map(([name, version]) => {
            const key = refs[at++]!;
            const one = {
              version,
              bytes: Buffer.from(JSON.parse(journal.read(key).json) as string, "base64"),
            };
            this.#keys.set(one, key);
            return [name, one];
          }),
        ),
      ]),
    );
  }

  async #writeAll(): Promise<void> {
    while (this.#wanted !== undefined) {
      const accepted = this.#wanted;
      try {
        await this.#write(accepted);
        if (this.#wanted === accepted) {
          this.#wanted = undefined;
        }
        this.#pause.reset();
        this.#trouble = undefined;
      } catch (error) {
        this.#say(
          `what ${this.#node} has accepted cannot be written to ${this.#name}: ${(error as Error).message}; it is tried again`,
        );
        if (this.#closed.signal.aborted) {
          return;
        }
        await sleep(this.#pause.next(), undefined, { signal: this.#closed.signal, ref: false }).catch(
          () => {},
        );
      }
    }
  }

  async #write(accepted: AcceptedSet): Promise<void> {
    const journal = this.#journal;
    const batch = new Batch(journal);
    const refs: string[] = [];
    const types = [...accepted].map(([type, all]) => {
      const entries = [...all].map(([name, one]): readonly [string, string] => {
        refs.push(this.#put(one, batch));
        return [name, one.version];
      });
      return [type, entries] as const;
    });
    const head = { refs, json: JSON.stringify({ node: this.#node, types } satisfies Head) };
    if (journal !== undefined && journal.size <= this.#usefulBytes * GROWTH + LEAST_GROWTH_BYTES) {
      await journal.append(batch, head);
      return;
    }
    this.#journal = await Journal.write(this.#name, head, batch);
    this.#usefulBytes = this.#journal.size;
    await journal?.close();
  }

  #put(one: Accepted, batch: Batch): string {
    const known = this.#keys.get(one);
    if (known !== undefined && batch.has(known)) {
      return known;
    }
    const json = JSON.stringify(Buffer.from(one.bytes ?? []).toString("base64"));
    const key = batch.put({ refs: [], json });
    this.#keys.set(one, key);
    return key;
  }

  #say(line: string): void {
    if (line !== this.#trouble) {
      this.#trouble = line;
      this.#onNotice(line);
    }
  }
}
