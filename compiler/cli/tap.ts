/** `sluice tap`: requests of a running session while they pass, a line each, with the rule that took them. */

import type { Command } from "commander";
import { parseDuration } from "../front/resources/schema/duration.ts";
import type { TapLine, TapProgress, TapQuestion } from "../index.ts";
import { attachedRun, RUN_OPTION } from "./attached-run.ts";
import { type CommandContext, formatOption } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import type { Format } from "./format.ts";
import { onSignals } from "./signals.ts";
import { tappedLine } from "./tapped-line.ts";
import type { Terminal } from "./terminal.ts";

interface TapFlags {
  readonly rule?: string;
  readonly status?: string;
  readonly percent?: string;
  readonly for: string;
  readonly limit?: string;
  readonly run?: string;
  readonly format: Format;
}

/** After so long without one, it is said that none came. */
const SILENCE_MS = 10_000;
const LONGEST_MS = 3_600_000;

export function addTapCommand(program: Command, { terminal, done }: CommandContext): void {
  program
    .command("tap")
    .summary("show requests of a running Envoy, with the rule of each")
    .description(
      "Shows requests of a running sluice run while they pass: a line each, with the rule that took it. Nothing is reloaded, and nothing is sampled before and after.",
    )
    .option("--rule <rule>", "only of this rule: its name, its id, or its place such as reviews.yaml:24")
    .option("--status <status>", "only with this status, such as 503 or 5xx")
    .option("--percent <n>", "how many of all requests are sampled, at most 200 a second", "100")
    .option("--for <duration>", "when it ends by itself, at most 1h", "5m")
    .option("--limit <n>", "end after so many requests")
    .option(...RUN_OPTION)
    .addOption(formatOption())
    .action(async (flags) => done(await tapCommand(flags, terminal)));
}

async function tapCommand(flags: TapFlags, terminal: Terminal): Promise<ExitCode> {
  const limit = flags.limit === undefined ? Number.POSITIVE_INFINITY : numberOf("--limit", flags.limit, 1e9);
  const question: TapQuestion = {
    percent: numberOf("--percent", flags.percent ?? "100", 100),
    forMs: durationOf(flags.for),
    ...(flags.rule !== undefined && { rule: flags.rule }),
    ...(flags.status !== undefined && { status: flags.status }),
  };
  const client = await attachedRun(flags.run);
  const leave = new AbortController();
  const stopListening = onSignals(() => leave.abort());
  const voice = new TapVoice(terminal, flags.format);
  try {
    const call = { method: "POST" as const, body: question, signal: leave.signal };
    for await (const line of client.lines<TapLine>("/v1/tap", call)) {
      voice.tell(line);
      if (voice.requests >= limit) {
        voice.close("the limit is reached");
        return EXIT.ok;
      }
    }
    voice.close(leave.signal.aborted ? undefined : "the run has ended");
    return EXIT.ok;
  } finally {
    stopListening();
  }
}

class TapVoice {
  readonly #terminal: Terminal;
  readonly #format: Format;
  #progress: TapProgress | undefined;
  #last = Date.now();
  /** Of the sampled ones, those before the last line. */
  #sampledThen = 0;
  #percentSaid: number | undefined;
  #problemSaid: string | undefined;
  #isOver = false;
  requests = 0;

  constructor(terminal: Terminal, format: Format) {
    this.#terminal = terminal;
    this.#format = format;
  }

  tell(line: TapLine): void {
    if (this.#format === "json") {
      this.#terminal.out(`${JSON.stringify(line)}\n`);
    }
    switch (line.kind) {
      case "request":
        this.requests++;
        this.#last = Date.now();
        this.#sampledThen = this.#progress?.sampled ?? 0;
        if (this.#format === "text") {
          this.#terminal.out(`${tappedLine(line, this.#terminal.outColors)}\n`);
        }
        break;
      case "progress":
        this.#follow(line.progress);
        break;
      case "end":
        this.#progress = line.progress;
        this.close(line.why === "time" ? "its time is over" : "the run has ended");
        break;
    }
  }

  /** Why it is over, and what was seen. */
  close(why: string | undefined): void {
    if (this.#isOver) {
      return;
    }
    this.#isOver = true;
    const { sampled = 0, dropped = 0 } = this.#progress ?? {};
    const counts = [
      `${this.requests} shown`,
      `${Math.max(sampled, this.requests)} sampled`,
      ...(dropped > 0 ? [`${dropped} left out because they were too many`] : []),
    ];
    this.#say(`${why === undefined ? "" : `${why}: `}${counts.join(", ")}`);
  }

  #follow(progress: TapProgress): void {
    const { percent, sampled, problem } = progress;
    if (this.#progress === undefined) {
      this.#say(`sampling ${shown(percent)} of requests; Ctrl-C ends it`);
    } else if (percent !== this.#percentSaid) {
      this.#say(
        `${percent < (this.#percentSaid ?? 100) ? "too many requests" : "fewer requests"}: sampling ${shown(percent)} of them`,
      );
    }
    this.#percentSaid = percent;
    this.#progress = progress;
    if (problem !== undefined && problem !== this.#problemSaid) {
      this.#say(`Envoy cannot be told what to sample: ${problem}; trying again`);
    }
    this.#problemSaid = problem;
    if (Date.now() - this.#last >= SILENCE_MS) {
      const looked = sampled - this.#sampledThen;
      this.#say(
        looked === 0
          ? `no request came in ${SILENCE_MS / 1000} s`
          : `no request matched in ${SILENCE_MS / 1000} s; ${looked} were sampled`,
      );
      this.#last = Date.now();
      this.#sampledThen = sampled;
    }
  }

  /** To people, also where programs read the lines. */
  #say(words: string): void {
    this.#terminal.err(`${this.#terminal.errColors.dim("sluice:")} ${words}\n`);
  }
}

function shown(percent: number): string {
  return `${Number(percent.toPrecision(2))} %`;
}

function numberOf(flag: string, text: string, most: number): number {
  const value = Number(text.replace(/ ?%$/, ""));
  if (text.trim() === "" || !(value > 0 && value <= most)) {
    throw new UsageError(`${flag}: "${text}" is not valid; use a number above 0, at most ${most}`);
  }
  return value;
}

function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0 || ms > LONGEST_MS) {
    throw new UsageError(`--for: "${text}" is not valid; use a number and a unit, such as 30s, at most 1h`);
  }
  return ms;
}
