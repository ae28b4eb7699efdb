/** `sluice top`: what the rules of a running Envoy do, live: of a `sluice run`, or of any Envoy that was built with Sluice. */

import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import {
  adminAt,
  type DoorClient,
  type ListedRule,
  type LiveReport,
  LiveRules,
  type LiveUpdate,
  printable,
  type RunAbout,
  type ServedRules,
  withChanges,
} from "../index.ts";
import { attachedRun, RUN_OPTION } from "./attached-run.ts";
import { type CommandContext, formatOption } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { clientOf } from "./fleet.ts";
import type { Format } from "./format.ts";
import { FullScreen } from "./full-screen.ts";
import { onSignals } from "./signals.ts";
import type { Keyboard, Terminal } from "./terminal.ts";
import { FIRST_CHOICE, press, type TopKeys } from "./top-keys.ts";
import { screenLines, type TopScreen } from "./top-screen.ts";
import { type TopState, topKey, topLines } from "./top-view.ts";

export interface TopFlags {
  readonly once?: true;
  readonly run?: string;
  readonly admin?: string;
  readonly server?: string;
  readonly scope?: string;
  readonly tokenFile?: string;
  readonly tlsCa?: string;
  readonly format: Format;
}

/** Rates over less are of the moments at which the filter tells what it counted. */
const LEAST_WINDOW_MS = 2_000;
/** Also without anything new, times since something go on. */
const DRAW_EVERY_MS = 1_000;
/** Proxies of a fleet report every few seconds. */
const ASK_EVERY_MS = 1_000;

export function addTopCommand(program: Command, { terminal, done }: CommandContext): void {
  program
    .command("top")
    .summary("watch what each rule does")
    .description(
      "Shows what the rules of a running Envoy do: requests a second, shares of splits, faults, and which rules were not hit. Attaches to the sluice run of this user, without restarting or slowing down anything.",
    )
    .option("--once", "print it once, and end")
    .option(...RUN_OPTION)
    .addOption(
      new Option(
        "--admin <address>",
        "instead of a run: the admin interface of any Envoy with rules of Sluice, as http://HOST:PORT or the path of its Unix socket",
      ).conflicts("run"),
    )
    .addOption(
      new Option(
        "--server <url>",
        "instead of a run: all proxies of a fleet, as the server says it that sluice serve runs",
      ).conflicts(["run", "admin"]),
    )
    .option("--scope <key>", "with --server: only the proxies of this scope")
    .option("--token-file <file>", "with --server: file with a token of the server, to ask from elsewhere")
    .option("--tls-ca <file>", "with --server: certificates of the authorities that its own must be of")
    .addOption(formatOption())
    .addHelpText(
      "after",
      [
        "",
        "Keys: arrows mark a rule, Enter shows all of it, s sorts, / filters, q ends.",
        "Without a terminal, text is printed once and JSON as one update a line.",
        "",
        "Examples:",
        "  sluice top",
        "  sluice top --run rules/ --once",
        "  sluice top --server http://127.0.0.1:15014",
        "  sluice top --once --format json | jq '.notHit[].rule'",
      ].join("\n"),
    )
    .action(async (flags) => done(await topCommand(flags, terminal)));
}

/** Of whatever is watched. */
interface Watched {
  readonly title: string;
  readonly isFleet?: boolean;
  readonly about?: RunAbout;
  readonly updates: (signal: AbortSignal) => AsyncIterable<LiveUpdate>;
  /** Absent: nobody knows them. */
  readonly served?: () => Promise<ServedRules>;
  /** How it ended, when it was not this command that ended it. */
  readonly ended: string;
}

async function topCommand(flags: TopFlags, terminal: Terminal): Promise<ExitCode> {
  const watched = await watchedBy(flags);
  const ending = new AbortController();
  const stopListening = onSignals(() => ending.abort());
  try {
    const { keyboard } = terminal;
    if (flags.once || (flags.format === "text" && keyboard === undefined)) {
      return await once(watched, flags.format, terminal, ending.signal);
    }
    return flags.format === "json"
      ? await lines(watched, terminal, ending.signal)
      : await live(watched, terminal, keyboard!, ending);
  } finally {
    stopListening();
  }
}

async function watchedBy(flags: TopFlags): Promise<Watched> {
  if (flags.server !== undefined) {
    return ofFleet(flags);
  }
  if ([flags.scope, flags.tokenFile, flags.tlsCa].some((flag) => flag !== undefined)) {
    throw new UsageError("--scope, --token-file and --tls-ca are of a fleet; use them with --server");
  }
  return flags.admin === undefined ? ofRun(await attachedRun(flags.run)) : ofAdmin(flags.admin);
}

function ofFleet(flags: TopFlags): Watched {
  const client = clientOf(flags);
  const { server, scope } = flags;
  return {
    title: scope === undefined ? `the fleet of ${server}` : `scope ${scope} of ${server}`,
    isFleet: true,
    async *updates(signal) {
      while (!signal.aborted) {
        yield { kind: "report", whole: true, report: await client.live(scope) };
        await sleep(ASK_EVERY_MS, undefined, { signal }).catch(() => {});
      }
    },
    ended: `nothing is to be seen of ${server} any more`,
  };
}

async function ofRun(client: DoorClient): Promise<Watched> {
  const about = await client.about();
  return {
    title: about.rules.join(" ") || about.directory,
    about,
    updates: (signal) => client.live({ signal }),
    served: () => client.rules(),
    ended: `the run of ${about.rules.join(" ") || about.directory} (process ${about.pid}) has ended`,
  };
}

function ofAdmin(address: string): Watched {
  const admin = adminAt(address);
  if (admin === undefined) {
    throw new UsageError(
      `--admin: "${address}" is not valid; use http://HOST:PORT, or the path of a Unix socket`,
    );
  }
  const rules = new LiveRules({ admin });
  return {
    title: address,
    updates: (signal) => rules.watch(signal),
    ended: `nothing is to be seen of ${address} any more`,
  };
}

/** What is known, brought up to date by each update. Rules are asked for again when there are others. */
class Seen {
  state: TopState;
  readonly #watched: Watched;
  #asked: Promise<void> | undefined;

  constructor(watched: Watched) {
    this.#watched = watched;
    const { title, isFleet = false } = watched;
    this.state = { title, isFleet, now: Date.now() };
  }

  async take(update: LiveUpdate): Promise<void> {
    const now = Date.now();
    if (update.kind === "silent") {
      const { since, why } = update;
      this.state = { ...this.state, now, silent: { since, why } };
      return;
    }
    const { silent: _, ...state } = this.state;
    const { report } = state;
    this.state = {
      ...state,
      now,
      report: update.whole || report === undefined ? update.report : withChanges(report, update.report),
    };
    await this.#askForRules();
  }

  /** Once for several updates that come while it is asked. */
  #askForRules(): Promise<void> {
    const { served } = this.#watched;
    this.#asked ??= (async () => {
      // A run that ends just now is noticed by the end of its updates.
      const rules = await served?.().catch(() => undefined);
      if (rules !== undefined) {
        this.state = { ...this.state, served: rules };
      }
      this.#asked = undefined;
    })();
    return this.#asked;
  }
}

async function once(
  watched: Watched,
  format: Format,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const seen = new Seen(watched);
  for await (const update of watched.updates(signal)) {
    await seen.take(update);
    const { report, silent } = seen.state;
    if (silent !== undefined) {
      terminal.err(`${terminal.errColors.red("error:")} ${printable(silent.why)}\n`);
      return EXIT.environment;
    }
    if (report !== undefined && report.windowMs >= LEAST_WINDOW_MS) {
      terminal.out(
        format === "json" ? onceJson(watched, seen.state, report) : onceText(seen.state, terminal),
      );
      return EXIT.ok;
    }
  }
  return ended(watched, terminal, signal);
}

function onceText(state: TopState, terminal: Terminal): string {
  const columns = terminal.outColumns ?? Number.POSITIVE_INFINITY;
  const { lines: all } = topLines(state, FIRST_CHOICE, { colors: terminal.outColors, columns });
  return `${all.join("\n")}\n`;
}

/** `--once --format json`. Fields are added, never changed or removed. */
interface TopJson {
  /** Absent with `--admin`. */
  readonly run?: RunAbout;
  readonly report: LiveReport;
  /** Rules that serve and have counted nothing since Envoy started. Absent with `--admin`. */
  readonly notHit?: readonly ListedRule[];
}

function onceJson({ about }: Watched, { served }: TopState, report: LiveReport): string {
  const hit = new Set(report.rules.map((live) => topKey({ live })));
  const json: TopJson = {
    ...(about !== undefined && { run: about }),
    report,
    ...(served !== undefined && { notHit: served.rules.filter((listed) => !hit.has(topKey({ listed }))) }),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

async function lines(watched: Watched, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  for await (const update of watched.updates(signal)) {
    terminal.out(`${JSON.stringify(update)}\n`);
  }
  return ended(watched, terminal, signal);
}

async function live(
  watched: Watched,
  terminal: Terminal,
  keyboard: Keyboard,
  ending: AbortController,
): Promise<ExitCode> {
  const seen = new Seen(watched);
  let keys: TopKeys = FIRST_CHOICE;
  let shown: TopScreen | undefined;
  const draw = () => {
    shown = screenLines({ ...seen.state, now: Date.now() }, keys, shown?.first ?? 0, {
      colors: terminal.outColors,
      ...screen.size,
    });
    screen.draw(shown.lines);
  };
  const onKey = (key: string) => {
    const next = press(keys, key, shown?.keys ?? []);
    if (next === "quit") {
      ending.abort();
      return;
    }
    keys = next;
    draw();
  };
  const screen = new FullScreen(terminal, keyboard, { onKey, onResize: () => draw() });
  const clock = setInterval(draw, DRAW_EVERY_MS);
  try {
    draw();
    for await (const update of watched.updates(ending.signal)) {
      await seen.take(update);
      draw();
    }
  } finally {
    clearInterval(clock);
    screen.close();
  }
  return ended(watched, terminal, ending.signal);
}

/** Whoever ends it knows why; a run that ends does so without being asked. */
function ended({ ended: words }: Watched, terminal: Terminal, signal: AbortSignal): ExitCode {
  if (!signal.aborted) {
    terminal.err(`${terminal.errColors.dim("sluice:")} ${printable(words)}\n`);
  }
  return EXIT.ok;
}
