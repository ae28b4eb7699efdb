/** Whether the access log can be written, asked before Envoy starts: it would go live without the listeners whose log it cannot open. */

import { access, constants, stat } from "node:fs/promises";
import path from "node:path";
import { STANDARD_OUTPUT } from "../options/kinds.ts";

/** One line for each obstacle; `file` is the option's value. */
export async function logFileProblems(file: string, where = "--access-log"): Promise<string[]> {
  if (file === "" || file === STANDARD_OUTPUT) {
    return [];
  }
  const problem = await problemOf(file);
  return problem === undefined ? [] : [`${where}: ${problem}`];
}

async function problemOf(file: string): Promise<string | undefined> {
  const there = await stat(file).catch((error: NodeJS.ErrnoException) => error);
  if (!(there instanceof Error)) {
    if (there.isDirectory()) {
      return `${file} is a directory; name a file in it`;
    }
    // Envoy would wait for a reader before it serves.
    if (!there.isFile() && !there.isCharacterDevice()) {
      return `${file} is not a file; name one, or - for standard output`;
    }
    return (await can(file, constants.W_OK)) ? undefined : `${file} cannot be written by this user`;
  }
  if (there.code !== "ENOENT") {
    return `${file} cannot be opened: ${there.message}`;
  }
  const folder = path.dirname(file);
  const parent = await stat(folder).catch(() => undefined);
  if (parent === undefined) {
    return `the directory ${folder} does not exist; create it`;
  }
  if (!parent.isDirectory()) {
    return `${folder} is not a directory`;
  }
  return (await can(folder, constants.W_OK | constants.X_OK))
    ? undefined
    : `this user cannot create files in ${folder}`;
}

function can(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}
