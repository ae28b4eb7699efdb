/** Runs another program to its end, without a shell, and never throws for what that program does. */

import { spawn } from "node:child_process";

export interface CommandResult {
  /** Absent when it could not be started or was ended by a signal. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it could not be started, or that it took too long. */
  readonly failure: string | undefined;
}

export interface CommandOptions {
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Output kept of one stream; what comes after is read and dropped. */
const OUTPUT_LIMIT = 1 << 20;

export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    let stdout = "";
    let stderr = "";
    let failure: string | undefined;
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: options.env,
      cwd: options.cwd,
      signal: options.signal,
    });
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            failure = `took longer than ${options.timeoutMs! / 1000} s`;
            child.kill("SIGKILL");
          }, options.timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text.slice(0, OUTPUT_LIMIT - stdout.length);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text.slice(0, OUTPUT_LIMIT - stderr.length);
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      failure ??= error.code === "ENOENT" ? "not found" : error.message;
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? undefined, stdout, stderr, failure });
    });
  });
}

/** The last lines of what a program said, for an error message. */
export function lastWords(result: CommandResult, lines = 8): string[] {
  const text = result.stderr.trim() === "" ? result.stdout : result.stderr;
  const words = text.trimEnd().split("\n").slice(-lines);
  return result.failure === undefined ? words : [result.failure, ...words.filter((line) => line !== "")];
}
