/** `sluice fleet`: asks a server about its fleet, and changes what its fleet does. */

import { Argument, type Command } from "commander";
import { parseDuration } from "../front/resources/schema/duration.ts";
import {
  EnvironmentError,
  FleetClient,
  FleetRequestError,
  formatExplanation,
  formatFleetStatus,
  formatRevisions,
  formatRollouts,
  formatWait,
  printable,
  readAtMost,
  type WaitReport,
  whyUnreadable,
} from "../index.ts";
import { type CommandContext, collect, formatOption, verboseOption } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import type { Format } from "./format.ts";
import { DEFAULT_HTTP } from "./serve-access.ts";
import type { Terminal } from "./terminal.ts";
import { readToken } from "./token-file.ts";

export interface FleetFlags {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly tlsCa?: string;
  readonly revision?: string;
  readonly timeout?: string;
  readonly proxy?: string;
  readonly header?: readonly string[];
  readonly at?: string;
  readonly why?: string;
  readonly exitCode?: true;
  readonly verbose?: boolean;
  readonly format: Format;
}

/** What there is to do, and what each takes beside what all take. */
const ACTIONS = {
  status: { flags: ["exitCode"], run: status },
  wait: { flags: ["revision", "timeout"], run: wait },
  rollouts: { flags: [], run: rollouts },
  revisions: { flags: [], run: revisions },
  promote: { flags: [], run: promote },
  abort: { flags: ["why"], run: abort },
  rollback: { flags: [], takes: "revision", run: rollback },
  explain: { flags: ["proxy", "header", "at"], takes: "request", run: explain },
} as const satisfies Readonly<
  Record<
    string,
    {
      readonly flags: readonly (keyof FleetFlags)[];
      /** What its argument is. */
      readonly takes?: string;
      readonly run: (asked: Asked) => Promise<ExitCode>;
    }
  >
>;

type Action = keyof typeof ACTIONS;

/** Flags of one action or some; all others are everybody's. */
const OWN_FLAGS = [...new Set(Object.values(ACTIONS).flatMap(({ flags }) => flags))];

interface Asked {
  readonly client: FleetClient;
  readonly argument: string;
  readonly flags: FleetFlags;
  readonly terminal: Terminal;
}

const SERVER_VARIABLE = "SLUICE_SERVER";
const DEFAULT_TIMEOUT_MS = 10 * 60_000;

export function addFleetCommand(program: Command, { terminal, done }: CommandContext): void {
  program
    .command("fleet")
    .summary("ask a server about its fleet, or change what the fleet does")
    .description(
      "Asks the server of a fleet, which sluice serve runs, or has it do something:\n\n" +
        [
          "  status              what the fleet serves, and how many proxies have it",
          "  wait --revision R   waits until every proxy has a revision, or it failed",
          "  rollouts            how changes reached the proxies",
          "  revisions           the last revisions",
          "  promote             begins the next wave of a roll-out at once",
          "  abort               takes a roll-out back",
          "  rollback R          serves an earlier revision again",
          "  explain --proxy ID 'GET http://host/path'",
          "                      how a proxy routes a request, and why",
        ].join("\n"),
    )
    .addArgument(new Argument("<action>", "what to do").choices(Object.keys(ACTIONS)))
    .argument("[what]", "for rollback the revision, for explain the request")
    .option(
      "--server <url>",
      `where the server answers HTTP (default: $${SERVER_VARIABLE}, or http://${DEFAULT_HTTP})`,
    )
    .option(
      "--token-file <file>",
      "file with a token of the server, to change anything or to ask from elsewhere",
    )
    .option("--tls-ca <file>", "certificates of the authorities that the server's must be of")
    .option("--revision <id>", "the revision to wait for, or the beginning of its id")
    .option("--timeout <duration>", "how long to wait (default: 10m)")
    .option("--proxy <id>", "the proxy that is asked")
    .option("-H, --header <line>", "a header of the request, 'name: value'; repeatable", collect)
    .option("--at <listener>", "the listener that receives the request (default: one that serves the host)")
    .option("--why <text>", "why a roll-out is taken back, for its report")
    .option("--exit-code", "status: exit with code 1 if a proxy or the newest rules are refused")
    .addOption(verboseOption())
    .addOption(formatOption())
    .addHelpText(
      "after",
      [
        "",
        "Exit codes: 0 it is so, or was done; 1 the revision failed, or the server",
        "refused; 2 wrong usage; 3 no answer, or not within --timeout.",
        "",
        "Examples:",
        "  sluice fleet status",
        "  sluice fleet wait --revision 46062ef45f9c --timeout 15m",
        "  sluice fleet explain --proxy edge-1 'GET http://reviews/'",
      ].join("\n"),
    )
    .action(async (action, what, flags) => done(await fleetCommand(action, what, flags, terminal)));
}

async function fleetCommand(
  name: Action,
  what: string | undefined,
  flags: FleetFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const action = ACTIONS[name];
  const takes = "takes" in action ? action.takes : undefined;
  if (takes === undefined && what !== undefined) {
    throw new UsageError(`${name} takes no argument; remove "${what}"`);
  }
  if (takes !== undefined && what === undefined) {
    throw new UsageError(`${name} needs the ${takes}: sluice fleet ${name} ${takes.toUpperCase()}`);
  }
  const own: readonly string[] = action.flags;
  const foreign = OWN_FLAGS.find((flag) => flags[flag] !== undefined && !own.includes(flag));
  if (foreign !== undefined) {
    const dashed = foreign.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${dashed} has no meaning for ${name}; remove it`);
  }
  const client = clientOf(flags);
  try {
    return await action.run({ client, argument: what ?? "", flags, terminal });
  } catch (error) {
    if (error instanceof FleetRequestError) {
      return refused(error, terminal);
    }
    throw error;
  }
}

/** Throws a `UsageError` for what is not an address or a file. */
export function clientOf({
  server: given,
  tokenFile,
  tlsCa,
}: Pick<FleetFlags, "server" | "tokenFile" | "tlsCa">): FleetClient {
  const server = given ?? process.env[SERVER_VARIABLE] ?? `http://${DEFAULT_HTTP}`;
  const name = given === undefined ? SERVER_VARIABLE : "--server";
  if (!server.startsWith("unix:") && !(/^https?:\/\//.test(server) && URL.canParse(server))) {
    throw new UsageError(`${name}: "${server}" is not valid; use a URL, such as http://${DEFAULT_HTTP}`);
  }
  return new FleetClient({
    server,
    ...(tokenFile !== undefined && { token: readToken(tokenFile) }),
    ...(tlsCa !== undefined && { authorities: readAuthorities(tlsCa) }),
  });
}

const LARGEST_AUTHORITIES = 4 << 20;

function readAuthorities(file: string): string {
  try {
    return Buffer.from(readAtMost(file, LARGEST_AUTHORITIES)).toString();
  } catch (error) {
    throw new UsageError(`--tls-ca: cannot read ${file}: ${whyUnreadable(error)}`);
  }
}

/** What the server does not do is said as it says it; the exit code is that of the mistake. */
function refused({ status, message }: FleetRequestError, { err, errColors }: Terminal): ExitCode {
  const hint = status === 401 ? "; pass its file with --token-file" : "";
  if (status === 400 || status === 404) {
    throw new UsageError(message);
  }
  if (status >= 500) {
    throw new EnvironmentError(`the server cannot answer: ${message}`);
  }
  err(`${errColors.red("error:")} ${printable(message)}${hint}\n`);
  return EXIT.rules;
}

async function status({ client, flags, terminal }: Asked): Promise<ExitCode> {
  const [state, proxies, rollouts] = await Promise.all([
    client.status(),
    client.proxies(),
    client.rollouts(),
  ]);
  const [newest] = rollouts;
  if (flags.format === "json") {
    terminal.out(jsonText({ status: state, proxies, ...(newest !== undefined && { rollout: newest }) }));
  } else {
    terminal.out(formatFleetStatus(state, proxies, newest, look(flags, terminal)));
  }
  const isWell = state.proxies.refused + state.proxies.silent === 0 && state.refused === undefined;
  return flags.exitCode && !isWell ? EXIT.rules : EXIT.ok;
}

const WAIT_CODES: Readonly<Record<WaitReport["outcome"], ExitCode>> = {
  reached: EXIT.ok,
  failed: EXIT.rules,
  refused: EXIT.rules,
  superseded: EXIT.rules,
  pending: EXIT.environment,
};

async function wait({ client, flags, terminal }: Asked): Promise<ExitCode> {
  const { revision, timeout } = flags;
  if (revision === undefined) {
    throw new UsageError("wait needs --revision; sluice fleet status and sluice check --format json name it");
  }
  const ms = timeout === undefined ? DEFAULT_TIMEOUT_MS : parseDuration(timeout);
  if (ms === undefined || ms < 0) {
    throw new UsageError(`--timeout: "${timeout}" is not valid; use a number and a unit, such as 90s or 15m`);
  }
  const report = await client.wait(revision, ms);
  const rollout =
    report.outcome === "failed"
      ? (await client.rollouts()).find((one) => one.revision === report.revision)
      : undefined;
  if (flags.format === "json") {
    terminal.out(jsonText({ ...report, ...(rollout !== undefined && { rollout }) }));
  } else {
    terminal.out(formatWait(revision, report, rollout, look(flags, terminal)));
  }
  return WAIT_CODES[report.outcome];
}

async function rollouts({ client, flags, terminal }: Asked): Promise<ExitCode> {
  const found = await client.rollouts();
  terminal.out(
    flags.format === "json" ? jsonText({ rollouts: found }) : formatRollouts(found, look(flags, terminal)),
  );
  return EXIT.ok;
}

async function revisions({ client, flags, terminal }: Asked): Promise<ExitCode> {
  const found = await client.revisions();
  terminal.out(
    flags.format === "json" ? jsonText({ revisions: found }) : formatRevisions(found, look(flags, terminal)),
  );
  return EXIT.ok;
}

async function promote({ client, flags, terminal }: Asked): Promise<ExitCode> {
  await client.promote();
  return accepted("the next wave begins", flags, terminal);
}

async function abort({ client, flags, terminal }: Asked): Promise<ExitCode> {
  await client.abort(flags.why);
  return accepted("the roll-out is being taken back", flags, terminal);
}

async function rollback({ client, argument, flags, terminal }: Asked): Promise<ExitCode> {
  await client.rollback(argument);
  return accepted(`a roll-out of ${argument} begins`, flags, terminal);
}

function accepted(line: string, { format }: FleetFlags, terminal: Terminal): ExitCode {
  terminal.out(format === "json" ? jsonText({ accepted: true }) : `${line}\n`);
  return EXIT.ok;
}

async function explain({ client, argument, flags, terminal }: Asked): Promise<ExitCode> {
  const { proxy, header, at } = flags;
  if (proxy === undefined) {
    throw new UsageError("explain needs --proxy; sluice fleet status --verbose lists all proxies");
  }
  const answer = await client.explain(proxy, argument, {
    ...(header !== undefined && { headers: header }),
    ...(at !== undefined && { at }),
  });
  if (flags.format === "json") {
    terminal.out(jsonText(answer));
  } else {
    terminal.err(`${terminal.errColors.dim(`${answer.proxy} decides by revision ${answer.revision}`)}\n`);
    terminal.out(formatExplanation(answer.explanation, look(flags, terminal)));
  }
  return EXIT.ok;
}

function look({ verbose = false }: FleetFlags, terminal: Terminal) {
  return { ...terminal.outLook, verbose };
}

function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
