/** Hosts of one list that overlap with an earlier one, without comparing each with each: a list may have thousands. */

import { isWildcard } from "./host-names.ts";

/** For each host the index of the first one before it that it overlaps with. Hosts are in lower case. */
export function firstOverlaps(hosts: readonly string[]): (number | undefined)[] {
  const first = new Map<string, number>();
  /** What wildcards end with, and where the first such stands. */
  const wildcards = new Map<string, number>();
  hosts.forEach((host, i) => {
    if (!first.has(host)) {
      first.set(host, i);
    }
    if (isWildcard(host) && !wildcards.has(host.slice(1))) {
      wildcards.set(host.slice(1), i);
    }
  });
  const found: (number | undefined)[] = hosts.map((host, i) =>
    first.get(host) === i ? undefined : first.get(host),
  );
  const note = (i: number, earlier: number) => {
    found[i] = Math.min(found[i] ?? earlier, earlier);
  };
  if (wildcards.size > 0) {
    hosts.forEach((host, i) => {
      for (let at = isWildcard(host) ? 1 : 0; at <= host.length; at++) {
        const wide = wildcards.get(host.slice(at));
        if (wide === undefined || wide === i) {
          continue;
        }
        note(Math.max(wide, i), Math.min(wide, i));
      }
    });
  }
  // The same wildcard once more overlaps with all that the first one does.
  hosts.forEach((host, i) => {
    const same = first.get(host)!;
    if (same !== i && found[same] !== undefined) {
      note(i, found[same]);
    }
  });
  return found;
}
