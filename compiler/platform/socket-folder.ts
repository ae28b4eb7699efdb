/**
 * Folders for Unix sockets: only their owner may enter, and their paths are short. The kernel takes paths of sockets into a
 * field of fixed size, so a socket that is too deep cannot be opened, and the reason that it gives ("invalid argument") tells
 * nobody why.
 */

import { mkdir, mkdtemp } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { EnvironmentError } from "./error.ts";

/** Bytes of a socket's path: `sun_path` without the zero at its end (unix(7); it is shorter on macOS). */
export const LONGEST_SOCKET_PATH = process.platform === "linux" ? 107 : 103;

/** Bytes that the name of a socket in such a folder may have, the slash before it included. */
const ROOM_FOR_NAME = 24;
/** Random characters of `mkdtemp`. */
const RANDOM = 6;
/** Where sockets go when `TMPDIR` is too deep. */
const SHORT_PARENT = "/tmp";

/**
 * Makes a new folder with mode 0700 for sockets with short names. `parent` is where somebody wants it, and is made if it is not
 * there; otherwise it is in the folder for temporary files, or in `/tmp` if that one's path is too long. Throws an
 * `EnvironmentError`.
 */
export async function makeSocketFolder(prefix: string, parent?: string): Promise<string> {
  const wanted = path.resolve(parent ?? os.tmpdir());
  const folder = isTooDeep(wanted, prefix) && parent === undefined ? SHORT_PARENT : wanted;
  if (isTooDeep(folder, prefix)) {
    throw new EnvironmentError(
      `the path ${folder} is too long for Unix sockets, which can have ${LONGEST_SOCKET_PATH} bytes; choose a shorter one`,
    );
  }
  try {
    await mkdir(folder, { recursive: true });
    return await mkdtemp(path.join(folder, prefix));
  } catch (error) {
    throw new EnvironmentError(`cannot make a directory in ${folder}: ${(error as Error).message}`);
  }
}

function isTooDeep(parent: string, prefix: string): boolean {
  return Buffer.byteLength(path.join(parent, prefix)) + RANDOM + ROOM_FOR_NAME > LONGEST_SOCKET_PATH;
}
