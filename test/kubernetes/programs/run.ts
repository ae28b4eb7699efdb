/** Runs a program that makes another one: what it says is told only when it fails. */

import { lastWords, runCommand } from "../../../compiler/run/envoy/command.ts";

/** Many times what the longest takes on a slow machine. */
const TIMEOUT_MS = 60 * 60_000;

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Its standard output. Throws with its last words when it fails. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const result = await runCommand(program, args, {
    timeoutMs: TIMEOUT_MS,
    ...options,
    env: { ...process.env, ...options.env },
  });
  if (result.code !== 0) {
    throw new Error([`${program} ${args.join(" ")} failed`, ...lastWords(result)].join("\n"));
  }
  return result.stdout;
}
