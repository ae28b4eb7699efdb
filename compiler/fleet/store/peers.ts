/**
 * What each of several servers knows of its own proxies, for the one that decides on roll-outs: a file for each server in the folder that
 * they share, replaced as a whole. A server whose file stands still is gone, and so is what it knew; its proxies come back through
 * another one.
 */

import { readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { Pulse, TOUCH_EVERY_MS } from "./pulse.ts";
import { type OnNotice, unusableFile } from "./state-directory.ts";

const OWNER_ONLY = 0o600;
const NAME = /^server-([A-Za-z0-9_.-]+)\.json$/;

/** What servers of one fleet tell each other: plain JSON. */
export interface PeerExchange<Report extends object> {
  /** Replaces what this server has published, as soon as it can. */
  publish(report: Report): void;
  /** What the other servers have published that are alive, by their ids. */
  others(): Promise<ReadonlyMap<string, Report>>;
  close(): Promise<void>;
}

export class Peers<Report extends object> implements PeerExchange<Report> {
  readonly #directory: string;
  readonly #id: string;
  readonly #onNotice: OnNotice;
  readonly #pulse = new Pulse();
  readonly #touching: NodeJS.Timeout;
  #wanted: Report | undefined;
  #writing: Promise<void> | undefined;
  #notice: string | undefined;

  /** `id`: of this server, of letters, digits, `_`, `.` and `-`, and of no other server. */
  constructor(directory: string, id: string, onNotice: OnNotice) {
    this.#directory = directory;
    this.#id = id;
    this.#onNotice = onNotice;
    this.#touching = setInterval(() => void this.#touch(), TOUCH_EVERY_MS);
    this.#touching.unref();
  }

  publish(report: Report): void {
    this.#wanted = report;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async others(): Promise<ReadonlyMap<string, Report>> {
    const found = new Map<string, Report>();
    for (const name of await readdir(this.#directory)) {
      const id = NAME.exec(name)?.[1];
      const file = path.join(this.#directory, name);
      if (id !== undefined && id !== this.#id && (await this.#isAlive(id, file))) {
        const report = await read<Report>(file);
        if (report !== undefined) {
          found.set(id, report);
        }
      }
    }
    return found;
  }

  async close(): Promise<void> {
    clearInterval(this.#touching);
    this.#wanted = undefined;
    await this.#writing;
    await rm(this.#file, { force: true }).catch(() => {});
  }

  get #file(): string {
    return path.join(this.#directory, `server-${this.#id}.json`);
  }

  async #writeAll(): Promise<void> {
    while (this.#wanted !== undefined) {
      const report = this.#wanted;
      this.#wanted = undefined;
      try {
        const temporary = `${this.#file}.new`;
        await writeFile(temporary, JSON.stringify(report), { mode: OWNER_ONLY });
        await rename(temporary, this.#file);
        this.#notice = undefined;
      } catch (error) {
        const line = `what this server's proxies have cannot be told the other servers: ${(error as Error).message}`;
        if (line !== this.#notice) {
          this.#notice = line;
          this.#onNotice(line);
        }
      }
    }
  }

  async #touch(): Promise<void> {
    const now = new Date();
    await utimes(this.#file, now, now).catch(() => {});
  }

  /** One that is gone takes its file with it, if somebody else has to remove it. */
  async #isAlive(id: string, file: string): Promise<boolean> {
    const time = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (time === undefined) {
      return false;
    }
    if (this.#pulse.isAlive(id, time, performance.now())) {
      return true;
    }
    this.#pulse.forget(id);
    await rm(file, { force: true }).catch(() => {});
    return false;
  }
}

/** `undefined` when it is not whole, or not of ours. */
async function read<Report>(file: string): Promise<Report | undefined> {
  try {
    return (await unusableFile(file)) === undefined
      ? (JSON.parse(await readFile(file, "utf8")) as Report)
      : undefined;
  } catch {
    return undefined;
  }
}
