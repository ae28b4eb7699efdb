/**
 * The command line, called within this process: what it says, and how it ends. A process of its own would need half a second
 * of processor time only to start, and there are hundreds of calls. That the built program has its streams, hears
 * signals, ends, and leaves nothing is asked of it by `sluice.ts`, above all in `test/cli/commands.test.ts`.
 */

import { runCommandLine } from "../../compiler/cli/commands.ts";
import { Terminal } from "../../compiler/cli/terminal.ts";
import type { Outcome } from "./sluice.ts";

/** A process is in one folder at a time, so calls take turns. */
let turn: Promise<unknown> = Promise.resolve();

/** As `sluice` of `sluice.ts` has it, but for what reads standard input or serves. */
export function sluiceHere(args: readonly string[], cwd: string): Promise<Outcome> {
  const outcome = turn.then(() => callIn(cwd, args));
  turn = outcome.catch(() => {});
  return outcome;
}

async function callIn(folder: string, args: readonly string[]): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const streams = [out, err].map((said) => ({ write: (text: string) => said.push(text) }));
  const home = process.cwd();
  process.chdir(folder);
  try {
    const code = await runCommandLine(args, new Terminal(streams[0]!, streams[1]!, process.env));
    return { code, out: out.join(""), err: err.join("") };
  } finally {
    process.chdir(home);
  }
}
