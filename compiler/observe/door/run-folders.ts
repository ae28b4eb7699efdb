/**
 * Where the sockets of this user's running sessions are, so that `sluice top` finds them without being told. Whoever can open
 * such a socket sees requests, so the folder is the user's alone, and one that is not is never used: in a folder for
 * temporary files anybody could have made it first.
 */

import { lstat, mkdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { EnvironmentError } from "../../platform/error.ts";
import { LONGEST_SOCKET_PATH } from "../../platform/socket-folder.ts";

/** Bytes of the longest name that a socket has there, the slash before it included. */
const ROOM_FOR_NAME = 24;
const OTHERS_MAY = 0o077;

/**
 * Folders that may hold sockets, the preferred one first: a session that a service manager started has no `XDG_RUNTIME_DIR`, and
 * whoever looks for it from a desktop has one.
 */
export function runFolders(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const { uid } = os.userInfo();
  const runtime = env.XDG_RUNTIME_DIR;
  return [
    // Relative ones are to be ignored (XDG Base Directory Specification).
    ...(runtime !== undefined && path.isAbsolute(runtime) ? [path.join(runtime, "sluice")] : []),
    path.join(os.tmpdir(), `sluice-${uid}`),
    `/tmp/sluice-${uid}`,
  ].filter((folder, i, all) => all.indexOf(folder) === i && !isTooDeep(folder));
}

/** The first of the folders that is this user's alone, made if it is not there. Throws an `EnvironmentError` that says why none is. */
export async function ownFolder(folders: readonly string[]): Promise<string> {
  const reasons: string[] = [];
  for (const folder of folders) {
    const reason = await mkdir(folder, { mode: 0o700 }).then(
      () => whyNotOurs(folder),
      (error: NodeJS.ErrnoException) => (error.code === "EEXIST" ? whyNotOurs(folder) : error.message),
    );
    if (reason === undefined) {
      return folder;
    }
    reasons.push(`${folder}: ${reason}`);
  }
  throw new EnvironmentError("there is no directory for the socket of this run", reasons);
}

/** Why a folder is not this user's alone; `undefined` where it is. */
export async function whyNotOurs(folder: string): Promise<string | undefined> {
  // Not `stat`: a link of somebody else may lead anywhere later.
  const stats = await lstat(folder).catch(() => undefined);
  if (stats === undefined) {
    return "it is not there";
  }
  if (!stats.isDirectory()) {
    return "it is not a directory";
  }
  if (stats.uid !== os.userInfo().uid) {
    return "it belongs to another user";
  }
  return (stats.mode & OTHERS_MAY) === 0 ? undefined : "other users may enter it; chmod 700 closes it";
}

function isTooDeep(folder: string): boolean {
  return Buffer.byteLength(folder) + ROOM_FOR_NAME > LONGEST_SOCKET_PATH;
}
