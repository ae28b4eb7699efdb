/**
 * What this machine lacks for a configuration, as far as that can be seen without an Envoy: so that nothing is changed for a
 * change that could not be made.
 */

import { access, constants } from "node:fs/promises";
import type { Config } from "../ir/ir.ts";
import { secretFilesOf } from "../ir/secret-files.ts";
import { socketsOf } from "../ir/sockets.ts";
import { SYSTEM_ROOTS } from "../ir/system-roots.ts";
import { portProblems, type WantedPort } from "./envoy/ports.ts";

/** One line for each obstacle. `before`: what runs now, whose ports are its own. */
export async function obstaclesTo(config: Config, before?: Config): Promise<string[]> {
  const key = ({ address, port }: WantedPort) => `${address} ${port}`;
  const own = new Set(before === undefined ? [] : socketsOf(before).map(key));
  const wanted = socketsOf(config)
    .map(({ name, address, port }) => ({ name: `listener ${name}`, address, port }))
    .filter((socket) => !own.has(key(socket)));
  return [...(await portProblems(wanted)), ...(await missingFiles(config))];
}

/** Envoy would refuse the whole change for one certificate that is not there. The system's come with Envoy's image. */
async function missingFiles(config: Config): Promise<string[]> {
  const problems: string[] = [];
  for (const file of new Set(secretFilesOf(config))) {
    if (file !== SYSTEM_ROOTS) {
      await access(file, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
        const reason = error.code === "ENOENT" ? "is missing" : `cannot be read (${error.code})`;
        problems.push(`the certificate file ${file} ${reason}`);
      });
    }
  }
  return problems;
}
