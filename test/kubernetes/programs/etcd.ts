/** etcd from Debian's package, unpacked and not installed: nothing of the machine changes, and no service of it is started. */

import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { type Log, madeOnce } from "./made-once.ts";
import { run } from "./run.ts";

const PACKAGE = "etcd-server";

/** The path of its binary. */
export async function etcd(log: Log): Promise<string> {
  const home = await madeOnce(PACKAGE, log, async (folder) => {
    const work = path.join(folder, "work");
    // Lists of its own: those of the machine may be missing, or belong to somebody else.
    await mkdir(path.join(work, "lists", "partial"), { recursive: true });
    await mkdir(path.join(work, "archives", "partial"), { recursive: true });
    const places = [
      `Dir::State::lists=${path.join(work, "lists")}`,
      `Dir::Cache=${work}`,
      `Dir::Cache::archives=${path.join(work, "archives")}`,
      "APT::Sandbox::User=",
    ].flatMap((place) => ["-o", place]);
    await run("apt-get", [...places, "-qq", "update"]);
    await run("apt-get", [...places, "-qq", "download", PACKAGE], { cwd: work });
    const archive = (await readdir(work)).find((name) => name.endsWith(".deb"));
    await run("dpkg-deb", ["-x", path.join(work, archive ?? PACKAGE), path.join(work, "unpacked")]);
    await rename(path.join(work, "unpacked", "usr", "bin", "etcd"), path.join(folder, "etcd"));
    await rm(work, { recursive: true });
  });
  return path.join(home, "etcd");
}
