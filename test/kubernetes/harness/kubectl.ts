/** kubectl, as somebody who may do everything, in a namespace. */

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { Credentials } from "./api-client.ts";
import { kubeconfig } from "./kubeconfig.ts";

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class Kubectl {
  readonly #program: string;
  readonly #home: string;

  private constructor(program: string, home: string) {
    this.#program = program;
    this.#home = home;
  }

  static async create(program: string, credentials: Credentials, namespace: string): Promise<Kubectl> {
    const home = await mkdtemp(path.join(os.tmpdir(), "sluice-kubectl-"));
    await writeFile(path.join(home, "config"), kubeconfig(credentials, namespace), { mode: 0o600 });
    return new Kubectl(program, home);
  }

  /** `input`: for `-f -`. */
  async run(args: readonly string[], input = ""): Promise<Said> {
    // Neither the discovery nor the settings of who runs the tests.
    const env = { PATH: process.env.PATH, HOME: this.#home, KUBECONFIG: path.join(this.#home, "config") };
    const child = spawn(this.#program, args, { env, stdio: "pipe" });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, out, err };
  }

  remove(): Promise<void> {
    return rm(this.#home, { recursive: true, force: true });
  }
}
