/**
 * The form of the journal that holds a fleet's state: frames one after another, each with a digest of its own, so that whatever a
 * crash, a full disk or a bad block leaves is told from what was written whole.
 *
 *     0       4      5         21
 *     ┌───────┬──────┬─────────┬──────────────────────────────────────────┐
 *     │ bytes │ kind │ digest  │ payload                                  │
 *     └───────┴──────┴─────────┴──────────────────────────────────────────┘
 *       u32 LE  u8     16 bytes of the SHA-256 of kind and payload
 *
 *     payload of an object or a commit:
 *     ┌───────┬──────────────────┬─────────────────────────────────────────┐
 *     │ count │ digests of       │ JSON                                    │
 *     │ u32   │ objects it names │                                         │
 *     └───────┴──────────────────┴─────────────────────────────────────────┘
 *
 * An object is named by its digest: what is there already is not written again, and what nothing names any more is garbage.
 * A commit names everything that holds from then on; what comes after the last commit was never said. Pure: bytes in, bytes out.
 */

import { createHash } from "node:crypto";

/** Of the form above and of what stands in it. A newer one is not guessed at. */
export const FORMAT = 1;

export const FrameKind = { header: 1, object: 2, commit: 3 } as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

const DIGEST_BYTES = 16;
export const HEAD_BYTES = 4 + 1 + DIGEST_BYTES;
/** Longer than any object: a length beyond it is none. */
const LONGEST_PAYLOAD = 1 << 30;

/** What an object or a commit says, and the digests of the objects that it names. */
export interface Payload {
  readonly refs: readonly string[];
  readonly json: string;
}

export interface Frame {
  readonly kind: FrameKind;
  /** The digest: an object's name. */
  readonly key: string;
  /** Where the payload begins in the bytes that were given, and how long it is. */
  readonly start: number;
  readonly length: number;
  /** Where the next frame begins. */
  readonly end: number;
}

export function encodePayload({ refs, json }: Payload): Buffer {
  const head = Buffer.alloc(4 + refs.length * DIGEST_BYTES);
  head.writeUInt32LE(refs.length);
  for (const [index, key] of refs.entries()) {
    head.write(key, 4 + index * DIGEST_BYTES, "hex");
  }
  return Buffer.concat([head, Buffer.from(json)]);
}

export function decodePayload(payload: Buffer): Payload {
  const json = refsEnd(payload);
  return { refs: refsOf(payload), json: payload.toString("utf8", json) };
}

/** What it names, without what it says. */
export function refsOf(payload: Buffer): string[] {
  const refs: string[] = [];
  for (let at = 4; at < refsEnd(payload); at += DIGEST_BYTES) {
    refs.push(payload.toString("hex", at, at + DIGEST_BYTES));
  }
  return refs;
}

function refsEnd(payload: Buffer): number {
  return 4 + payload.readUInt32LE() * DIGEST_BYTES;
}

/** The name of an object with that payload. */
export function keyOfPayload(kind: FrameKind, payload: Buffer): string {
  return createHash("sha256")
    .update(Uint8Array.of(kind))
    .update(payload)
    .digest("hex")
    .slice(0, DIGEST_BYTES * 2);
}

export function encodeFrame(kind: FrameKind, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(payload.length);
  head.writeUInt8(kind, 4);
  head.write(keyOfPayload(kind, payload), 5, "hex");
  return Buffer.concat([head, payload]);
}

/** The frames from `start` on, up to the first that is not whole. */
export function* decodeFrames(bytes: Buffer, start = 0): Generator<Frame> {
  let at = start;
  while (at + HEAD_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    const kind = bytes.readUInt8(at + 4);
    const begin = at + HEAD_BYTES;
    const end = begin + length;
    if (!isKind(kind) || length > LONGEST_PAYLOAD || end > bytes.length) {
      return;
    }
    const key = bytes.toString("hex", at + 5, begin);
    if (keyOfPayload(kind, bytes.subarray(begin, end)) !== key) {
      return;
    }
    yield { kind, key, start: begin, length, end };
    at = end;
  }
}

function isKind(kind: number): kind is FrameKind {
  return kind === FrameKind.header || kind === FrameKind.object || kind === FrameKind.commit;
}
