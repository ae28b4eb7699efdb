/** The real pre-commit, from PyPI, in a virtual environment of the checkout that is made once. */

import { access, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { withLock } from "../../compiler/platform/lock.ts";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { lastWords, runCommand } from "../../compiler/run/envoy/command.ts";

const PACKAGE = "pre-commit~=4.0";
const TIMEOUT_MS = 120_000;

/** The path of the program. */
export async function installPreCommit(): Promise<string> {
  const environments = path.join(packageRoot().directory, ".venv");
  const home = path.join(environments, "pre-commit");
  const marker = path.join(home, "complete");
  await mkdir(environments, { recursive: true });
  await withLock(`${home}.lock`, {}, async () => {
    const isThere = await access(marker).then(
      () => true,
      () => false,
    );
    if (isThere) {
      return;
    }
    await rm(home, { recursive: true, force: true });
    await run("python3", ["-m", "venv", home]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", PACKAGE];
    await run(path.join(home, "bin", "python"), pip);
    await writeFile(marker, "");
  });
  return path.join(home, "bin", "pre-commit");
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const result = await runCommand(program, args, { timeoutMs: TIMEOUT_MS });
  if (result.code !== 0) {
    throw new Error(`${program} ${args.join(" ")} failed\n${lastWords(result).join("\n")}`);
  }
}
