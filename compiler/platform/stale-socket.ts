/** Unix sockets that were left behind: whoever is killed cannot remove the one that it listened on. */

import { lstat, rm } from "node:fs/promises";
import net from "node:net";

/** Removes a socket on which nobody listens any more. Anything else is left alone, and listening there fails by itself. */
export async function removeStaleSocket(file: string): Promise<void> {
  const stats = await lstat(file).catch(() => undefined);
  if (stats?.isSocket() && (await isAbandoned(file))) {
    await rm(file, { force: true });
  }
}

function isAbandoned(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(file);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}
