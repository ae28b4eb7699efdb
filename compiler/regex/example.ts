/** A short text that an expression probably matches: who needs certainty must try it. */

import { ALT, BYTES, FAIL, MATCH, parseRegex } from "./parse.ts";

const READABLE = "abcdefghijklmnopqrstuvwxyz0123456789-_/.ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** The shortest way through the program, with assertions taken for granted. */
export function exampleOfRegex(pattern: string): string | undefined {
  const { instructions, start } = parseRegex(pattern);
  const cameFrom = new Map<number, readonly [from: number, byte: number | undefined]>([
    [start, [-1, undefined]],
  ]);
  let now = [start];
  while (now.length > 0) {
    const later: number[] = [];
    // Grows while it is walked: what needs no byte is reached in the same step.
    for (const place of now) {
      const { op, out, arg, bytes } = instructions[place]!;
      if (op === MATCH) {
        return textTo(place, cameFrom);
      }
      if (op === FAIL) {
        continue;
      }
      const byte = op === BYTES ? readable(bytes) : undefined;
      for (const next of op === ALT ? [out, arg] : [out]) {
        if (cameFrom.has(next)) {
          continue;
        }
        cameFrom.set(next, [place, byte]);
        (byte === undefined ? now : later).push(next);
      }
    }
    now = later;
  }
  return undefined;
}

function readable(ranges: ArrayLike<number>): number {
  for (const character of READABLE) {
    const byte = character.charCodeAt(0);
    for (let i = 0; i < ranges.length; i += 2) {
      if (ranges[i]! <= byte && byte <= ranges[i + 1]!) {
        return byte;
      }
    }
  }
  return ranges[0] ?? 0;
}

function textTo(
  end: number,
  cameFrom: ReadonlyMap<number, readonly [from: number, byte: number | undefined]>,
): string {
  const bytes: number[] = [];
  for (let [at, byte] = cameFrom.get(end)!; at >= 0; [at, byte] = cameFrom.get(at)!) {
    if (byte !== undefined) {
      bytes.push(byte);
    }
  }
  return Buffer.from(bytes.reverse()).toString("utf8");
}
