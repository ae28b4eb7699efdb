/**
 * Whether whoever touches a file is alive, told by this machine's own clock alone: its time stands still for longer than it would,
 * were it alive. Clocks of two machines need not agree; only the file's time has to change.
 */

/** How often one that is alive touches its file, in milliseconds. */
export const TOUCH_EVERY_MS = 2_000;
/** After how long one whose file stands still counts as gone, in milliseconds. */
export const GONE_AFTER_MS = 10_000;

export class Pulse {
  readonly #seen = new Map<string, { readonly time: number; readonly at: number }>();

  /** `time` is that of its file, `now` of a clock that only goes forward, both in milliseconds. */
  isAlive(id: string, time: number, now: number): boolean {
    const last = this.#seen.get(id);
    if (last === undefined || last.time !== time) {
      this.#seen.set(id, { time, at: now });
      return true;
    }
    return now - last.at < GONE_AFTER_MS;
  }

  forget(id: string): void {
    this.#seen.delete(id);
  }
}
