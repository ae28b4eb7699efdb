/**
 * Files as an input that may change while it is read. What is handed over is what was there at one moment: the files are
 * looked at again after they were read, and read again if anything has changed, so that the two sides of a swap (a ConfigMap's
 * new generation, a checkout) are never mixed.
 *
 * While the input is watched, a file that is missing or empty, and was neither before, is nearly always one that is being written: it gets time to
 * come back, or rules would be gone for a moment.
 */

import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { Diagnostic, DiagnosticSink } from "../diagnostics/diagnostic.ts";
import type { SourceFile } from "../diagnostics/span.ts";
import { listChange } from "../lists/list-change.ts";
import { NO_PROGRESS, type Progress } from "../progress.ts";
import { KnownListing } from "./known-listing.ts";
import { type InputPaths, isSameListing, type Listing, messagesOf } from "./list-inputs.ts";
import { FileCache, readListed } from "./read.ts";
import type { Watch } from "./rule-source.ts";
import { InputWatch } from "./watch.ts";

/** How often an input that does not hold still is read before it is taken as it is. */
const MAX_TRIES = 5;
const PAUSE_MS = 20;
/** How long a file may be missing, when nothing more happens, before it counts as removed. */
const MISSING_MS = 200;
/** The same of a file that has become empty. */
const EMPTY_MS = 1000;
/** For all of it: somebody may go on writing for ever. */
const MAX_WAIT_MS = 5000;

interface Reading {
  readonly listing: Listing;
  readonly files: SourceFile[];
  readonly findings: readonly Diagnostic[];
}

export class FileInput {
  readonly #input: InputPaths;
  readonly #listing: KnownListing;
  readonly #cache = new FileCache();
  readonly #watches = new Set<InputWatch>();
  #last: Reading | undefined;

  constructor(input: InputPaths) {
    this.#input = input;
    this.#listing = new KnownListing(input);
  }

  async read(sink: DiagnosticSink, progress: Progress): Promise<readonly SourceFile[]> {
    const reading = await this.#readWhole(progress);
    this.#last = reading;
    for (const finding of reading.findings) {
      sink.report(finding);
    }
    return reading.files;
  }

  async watch(onChange: () => void): Promise<Watch> {
    const watch = new InputWatch({
      paths: this.#input.paths,
      listing: this.#listing,
      hasRecovered: () => this.#hasRecovered(),
      onChange,
    });
    this.#watches.add(watch);
    return {
      close: async () => {
        this.#watches.delete(watch);
        watch.close();
      },
    };
  }

  async #readWhole(progress: Progress): Promise<Reading> {
    const start = performance.now();
    const waited = () => performance.now() - start;
    for (let tries = 1; ; ) {
      const happened = this.#happened();
      // Before it is looked: what has come back since a look that took long is not missing.
      const quietMs = Math.min(waited(), ...[...this.#watches].map((watch) => watch.quietMs));
      const listing = await this.#list();
      if (waited() < MAX_WAIT_MS && this.#isInTheMiddle(listing, quietMs)) {
        await sleep(PAUSE_MS);
        continue;
      }
      const reading = await this.#readOnce(listing, progress);
      // What happened meanwhile is told now.
      await setImmediate();
      const isSettled = happened === this.#happened() && isSameListing(listing, await this.#list());
      if (isSettled || tries >= MAX_TRIES || waited() >= MAX_WAIT_MS) {
        return reading;
      }
      tries += 1;
      await sleep(PAUSE_MS);
    }
  }

  /** While the kernel tells of changes, no more is looked at than what it tells of. */
  async #list(): Promise<Listing> {
    if (![...this.#watches].some(({ tellsAll }) => tellsAll)) {
      return this.#listing.look();
    }
    // What has happened is on its way: one turn of the loop may have begun before it did, the next hands it over.
    await setImmediate();
    await setImmediate();
    return this.#listing.current();
  }

  async #readOnce(listing: Listing, progress: Progress): Promise<Reading> {
    const findings = [...listing.problems];
    const sink: DiagnosticSink = { report: (finding) => void findings.push(finding) };
    return { listing, files: await readListed(listing, sink, progress, this.#cache), findings };
  }

  /** How many changes the watches have seen. */
  #happened(): number {
    return [...this.#watches].reduce((sum, { events }) => sum + events, 0);
  }

  #isInTheMiddle(listing: Listing, quietMs: number): boolean {
    if (this.#watches.size === 0 || this.#last === undefined || this.#last.listing === listing) {
      return false;
    }
    const last = this.#last.listing.files;
    const { from, beforeTo, to } = listChange(last, listing.files);
    const before = last.slice(from, beforeTo);
    const now = new Map(listing.files.slice(from, to).map((file) => [file.name, file.stats?.size]));
    const isMissing = before.some(({ name }) => !now.has(name));
    const wasEmpty = new Set(before.filter(({ stats }) => stats?.size === 0n).map(({ name }) => name));
    const isEmpty = [...now].some(([name, size]) => size === 0n && !wasEmpty.has(name));
    return (isMissing && quietMs < MISSING_MS) || (isEmpty && quietMs < EMPTY_MS);
  }

  /** Whether what could not be read can be read now, though nothing has changed: files were too many, a disk did not answer. */
  async #hasRecovered(): Promise<boolean> {
    const failed = this.#last?.findings ?? [];
    if (failed.length === 0) {
      return false;
    }
    const { findings } = await this.#readOnce(this.#listing.look(), NO_PROGRESS);
    return messagesOf(findings).join("\n") !== messagesOf(failed).join("\n");
  }
}
