/** Runs a program that gives credentials, and hands over what it writes. It is not looked at here, and never shown. */

import { type ChildProcess, spawn } from "node:child_process";
import { EnvironmentError } from "../../platform/error.ts";
import { readStreamAtMost, TooLargeError } from "../../source/bounded.ts";

/** `exec` of a user, read and checked. */
export interface PluginProgram {
  /** Whose it is, for messages: `user "admin" in /home/me/.kube/config`. */
  readonly owner: string;
  readonly apiVersion: string;
  /** A name to be found in `PATH`, or an absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  /** Beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** What to do where the program is missing. */
  readonly installHint?: string;
  readonly interactiveMode: "Never" | "IfAvailable" | "Always";
  /** `spec.cluster`, where the program asks for it. */
  readonly cluster?: Readonly<Record<string, unknown>>;
}

/** A program that asks nobody. */
const PATIENCE_MS = 60_000;
/** Somebody is asked, who may have to find a key first. */
const PATIENCE_WITH_PEOPLE_MS = 300_000;
/** Bytes; of a token and a chain of certificates. */
const LARGEST_ANSWER = 1 << 20;
/** Characters of what the program says of its failure. */
const MOST_WORDS = 300;

/** Throws an `EnvironmentError` that names the user and the program, and never its arguments. */
export async function runPlugin(program: PluginProgram): Promise<string> {
  const { owner, command } = program;
  const isTerminal = process.stdin.isTTY === true;
  if (program.interactiveMode === "Always" && !isTerminal) {
    throw new EnvironmentError(
      `${owner}: the program "${command}" has \`interactiveMode: Always\`, and there is no terminal; use credentials that no person has to enter`,
    );
  }
  const isInteractive = isTerminal && program.interactiveMode !== "Never";
  const child = spawn(command, program.args, {
    env: { ...process.env, ...program.env, KUBERNETES_EXEC_INFO: infoOf(program, isInteractive) },
    stdio: [isInteractive ? "inherit" : "ignore", "pipe", isInteractive ? "inherit" : "pipe"],
  });
  const timer = setTimeout(() => giveUp(child), isInteractive ? PATIENCE_WITH_PEOPLE_MS : PATIENCE_MS);
  const [answer, words, end] = await Promise.all([
    readStreamAtMost(child.stdout!, LARGEST_ANSWER).catch((error: Error) => {
      giveUp(child);
      return error;
    }),
    lastWords(child),
    endOf(child),
  ]);
  clearTimeout(timer);
  if (end.error !== undefined) {
    throw new EnvironmentError(`${owner}: the program "${command}" ${cannotRun(end.error, program)}`);
  }
  if (answer instanceof TooLargeError) {
    throw new EnvironmentError(`${owner}: the program "${command}" writes more than ${answer.most} bytes`);
  }
  if (end.code !== 0 || answer instanceof Error) {
    const how = end.code === null ? "does not end in time" : `fails with exit code ${end.code}`;
    throw new EnvironmentError(
      `${owner}: the program "${command}" ${how}${words === "" ? "" : `: ${words}`}`,
    );
  }
  return Buffer.from(answer).toString();
}

function infoOf({ apiVersion, cluster }: PluginProgram, interactive: boolean): string {
  const spec = { interactive, ...(cluster !== undefined && { cluster }) };
  return JSON.stringify({ apiVersion, kind: "ExecCredential", spec });
}

/** What it has begun itself may hold its pipes open after it is gone. */
function giveUp(child: ChildProcess): void {
  child.kill("SIGKILL");
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** The last line that it has said of itself. */
async function lastWords(child: ChildProcess): Promise<string> {
  let tail = "";
  try {
    for await (const chunk of child.stderr ?? []) {
      tail = (tail + String(chunk)).slice(-4 * MOST_WORDS);
    }
  } catch {
    // It was given up.
  }
  const line = tail.trim().split("\n").at(-1) ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours and what else moves a terminal
  return line.replace(/\x1b\[[\d;]*[A-Za-z]|[\x00-\x1f\x7f]/g, "").slice(0, MOST_WORDS);
}

function endOf(child: ChildProcess): Promise<{ code: number | null; error?: NodeJS.ErrnoException }> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: null, error }));
    child.once("exit", (code) => resolve({ code }));
  });
}

function cannotRun({ code, message }: NodeJS.ErrnoException, { installHint }: PluginProgram): string {
  const why =
    code === "ENOENT"
      ? "is not installed"
      : code === "EACCES"
        ? "may not be executed"
        : `cannot be run: ${message}`;
  const hint = installHint?.trim().split("\n")[0]?.slice(0, MOST_WORDS);
  return hint === undefined || hint === "" ? why : `${why}; ${hint}`;
}
