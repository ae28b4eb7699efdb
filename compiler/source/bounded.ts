/** Reads what a user names up to a bound: a device or a pipe may have no end, and a file more than memory holds. */

import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import type { Readable } from "node:stream";

/** There is more than is read. */
export class TooLargeError extends Error {
  readonly most: number;

  constructor(most: number) {
    super(`it is larger than ${most} bytes, the most that is read`);
    this.most = most;
  }
}

/** A folder has more in it than is looked at. */
export class TooManyError extends Error {
  constructor(most: number) {
    super(`it has more than ${most} entries, the most that are read`);
  }
}

const CHUNK = 1 << 20;

/** The whole of a file; what is no file (a pipe, a device) is read to its end. */
export function readAtMost(name: string, most: number): Uint8Array {
  const descriptor = openSync(name, "r");
  try {
    const stats = fstatSync(descriptor);
    if (stats.size > most) {
      throw new TooLargeError(most);
    }
    // Of what the kernel makes up (/proc, a pipe) the size says nothing.
    if (stats.isFile() && stats.size > 0) {
      return readFileSync(descriptor);
    }
    const chunks: Buffer[] = [];
    for (let total = 0; total <= most; ) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const length = readSync(descriptor, chunk, 0, CHUNK, null);
      if (length === 0) {
        return Buffer.concat(chunks);
      }
      chunks.push(chunk.subarray(0, length));
      total += length;
    }
    throw new TooLargeError(most);
  } finally {
    closeSync(descriptor);
  }
}

/** The same of a stream, standard input say. */
export async function readStreamAtMost(stream: Readable, most: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    total += chunk.length;
    // Leaving the loop destroys the stream, so that whoever writes it is told.
    if (total > most) {
      throw new TooLargeError(most);
    }
  }
  return Buffer.concat(chunks);
}

/** Why something cannot be read, in words. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof TooLargeError || error instanceof TooManyError) {
    return error.message;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined && REASONS[code]) || (message ?? String(error));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EISDIR: "it is a directory",
  ENOTDIR: "a part of its path is not a directory",
  ELOOP: "its symbolic links form a loop",
  ENAMETOOLONG: "its name is too long",
  ENXIO: "nothing listens on it",
  EMFILE: "too many files are open",
};

/** A file that is one, and not too large; nothing else is so much as opened: a pipe would wait for its writer. */
export function regularFileAtMost(name: string, most: number): string | undefined {
  try {
    return statSync(name).isFile() ? Buffer.from(readAtMost(name, most)).toString() : undefined;
  } catch {
    return undefined;
  }
}
