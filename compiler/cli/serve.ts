/** `sluice serve`: serves rules to a fleet of Envoys, and brings each of them from one revision to the next. */

import os from "node:os";
import { type Command, Option } from "commander";
import {
  ClusterStatus,
  createWorkspace,
  Fleet,
  FleetTelemetry,
  files,
  type OpenFleetPage,
  openFleetPage,
  RevisionTrials,
  readAtMost,
  readScopes,
  type ScopeEntry,
  serveFleet,
  threadedFleetRules,
  whyUnreadable,
} from "../index.ts";
import { type CommandContext, formatOption, PATHS } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import type { Format } from "./format.ts";
import { addClusterOptions, type ClusterFlags, openCluster, readRulesOptions } from "./kubernetes-options.ts";
import { checkPageFlag, pageOption } from "./page-option.ts";
import { addProxyOptions, type ProxyFlags } from "./proxy-options.ts";
import { readPlan } from "./rollout-plan.ts";
import { underMeshConfig } from "./rule-files.ts";
import { type AccessFlags, addAccessOptions, readAccess } from "./serve-access.ts";
import { addLeaseOptions, type LeaseFlags, openKeeper, readLease } from "./serve-lease.ts";
import { addRelayOptions, type RelayFlags, readRelay, relay } from "./serve-relay.ts";
import { ServeVoice } from "./serve-voice.ts";
import { addWebhookOptions, readWebhook, startWebhook, type WebhookFlags } from "./serve-webhook.ts";
import { untilTold } from "./signals.ts";
import type { Terminal } from "./terminal.ts";

export interface ServeFlags
  extends ProxyFlags,
    ClusterFlags,
    LeaseFlags,
    AccessFlags,
    RelayFlags,
    WebhookFlags {
  readonly maxStreams?: string;
  readonly waves?: string;
  readonly bake?: string;
  readonly canaryLabels?: string;
  readonly endpointGuard?: "on" | "off";
  readonly max5xx?: string;
  readonly cases?: readonly string[];
  readonly now?: boolean;
  readonly scopes?: string;
  readonly page?: string;
  readonly format: Format;
}

export function addServeCommand(program: Command, { terminal, done }: CommandContext): void {
  const command = program
    .command("serve")
    .summary("serve rules to a fleet of Envoys")
    .description("Serves rules to a fleet of Envoys, and keeps them up to date, until Ctrl-C.")
    .argument("[paths...]", PATHS)
    .option("--listen <addr:port>", "where proxies reach this server", "127.0.0.1:15010")
    .option("--max-streams <n>", "how many proxies this server serves; others are sent away")
    .option(
      "--waves <list>",
      "who gets a change first: shadow (an Envoy of this server's own), a number of proxies of each scope, shares, all (default: shadow,1,5%,25%,all)",
    )
    .option("--bake <duration>", "how long each wave is watched before the next (default: 1m)")
    .option("--canary-labels <k=v,…>", "proxies with these labels get a change first")
    .option(
      "--max-5xx <percent>",
      "how much the share of 5xx answers may rise in a wave, such as 0.5% (default: as much as chance explains)",
    )
    .addOption(
      new Option(
        "--endpoint-guard <when>",
        "keep endpoints for 5 s where more than half of a service's vanish within a second (default: on; off with --kubernetes)",
      ).choices(["on", "off"]),
    )
    .option(
      "--cases <files...>",
      "case files that a change must answer before any proxy gets it; see `sluice schema cases`",
    )
    .option(
      "--scopes <file>",
      "options of proxies by their ids, namespaces and labels, which they need not claim",
    )
    .option("--now", "changes go to all proxies at once, without waves")
    .option(
      "--state <dir>",
      "folder where the state is kept, so that a server goes on where it was stopped; servers that share it serve one fleet",
    );
  addLeaseOptions(
    addClusterOptions(addProxyOptions(addRelayOptions(addWebhookOptions(addAccessOptions(command))))),
  )
    .addOption(pageOption())
    .addOption(formatOption())
    .action(async (paths, flags) => done(await serveCommand(paths, flags, terminal)));
}

async function serveCommand(
  paths: readonly string[],
  flags: ServeFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const mostStreams = readMostStreams(flags.maxStreams);
  checkPageFlag(flags.page);
  const voice = new ServeVoice(terminal, flags.format);
  const toRelay = readRelay(flags);
  if (toRelay !== undefined) {
    if (paths.length > 0) {
      throw new UsageError("a relay has no rules of its own: name no paths with --upstream");
    }
    terminal.outliveReaders();
    await relay({ ...toRelay, ...(mostStreams !== undefined && { mostStreams }) }, voice);
    return EXIT.ok;
  }
  const options = await readRulesOptions(paths, flags);
  if (options.paths.includes("-")) {
    throw new UsageError("serve cannot watch standard input; name files or directories");
  }
  if (options.cluster !== undefined && options.paths.length > 0) {
    throw new UsageError("serve: with --kubernetes, the rules are those of the cluster; name no paths");
  }
  const plan = readPlan(flags);
  const { http, ...access } = readAccess(flags);
  const scopes = readScopesFile(flags.scopes);
  const webhookFiles = readWebhook(flags);
  const lease = readLease(flags, options.cluster !== undefined);
  const onNotice = (line: string) => voice.problem(line);
  const cluster = options.cluster && openCluster(options.cluster, options.proxy.proxyNamespace, onNotice);
  const workspace = createWorkspace({
    source: underMeshConfig(cluster?.source ?? files(options.paths, options), options),
    proxies: { fleet: options.proxy },
    strict: options.strict,
    quiet: options.quiet,
  });
  const rules = threadedFleetRules(workspace, (line) => voice.problem(line));
  terminal.outliveReaders();
  const telemetry = new FleetTelemetry();
  let page: OpenFleetPage | undefined;
  const trials = new RevisionTrials({
    shadow: plan.waves.includes("shadow"),
    ...(flags.cases !== undefined && { cases: files(flags.cases) }),
    log: (line) => voice.problem(line),
  });
  try {
    const { keeper, replicas } = await openKeeper(
      flags.state,
      lease && cluster && { ...lease, client: cluster.client },
      onNotice,
    );
    const status =
      cluster && flags.status === "on"
        ? new ClusterStatus({
            ...cluster,
            isLeading: () => keeper?.isLeading ?? true,
            instance: os.hostname(),
            onNotice,
          })
        : undefined;
    const fleet = await Fleet.create({
      rules,
      plan,
      // An API server says of each endpoint that it is gone; files may only be half written.
      guardsEndpoints: (flags.endpointGuard ?? (cluster === undefined ? "on" : "off")) === "on",
      trials,
      ...(keeper && { keeper }),
      scopes,
      onEvent(event) {
        voice.tell(event);
        telemetry.tell(event);
        page?.tell(event);
        status?.tell(event);
      },
    });
    status?.watch(fleet);
    // Whoever joins does not wait for it.
    void trials.start().catch((error: Error) => voice.problem(error.message));
    await fleet.start();
    const { strict } = workspace.reporting;
    const webhook = await startWebhook(webhookFiles, {
      rules,
      strict,
      onProblem: (line) => voice.problem(line),
    });
    const server = await serveFleet({
      fleet,
      listen: flags.listen,
      ...(replicas && { replicas }),
      ...(mostStreams !== undefined && { mostStreams }),
      ...access,
      ...(http !== undefined && {
        http: { ...http, telemetry, ...(webhook && { moreMetrics: () => webhook.metrics() }) },
      }),
      onProblem: (line) => voice.problem(line),
    });
    page =
      flags.page === undefined
        ? undefined
        : await openFleetPage({
            fleet,
            mayChange: (token) => server.mayChange(token),
            listen: flags.page,
            onProblem: (line) => voice.problem(line),
          });
    if (page !== undefined) {
      voice.page(page.url);
    }
    voice.listening(flags.listen, server.port, http && { listen: http.listen, port: server.httpPort });
    if (webhook !== undefined && webhookFiles !== undefined) {
      voice.reviewing(webhookFiles.listen, webhook.port);
    }
    try {
      await untilTold();
    } finally {
      await page?.close();
      await webhook?.close();
      await status?.close();
      await server.close();
      await fleet.close();
    }
    return EXIT.ok;
  } finally {
    await trials.close();
    await rules.close();
    await workspace.dispose();
    await cluster?.close();
  }
}

/** Bytes; there are not so many kinds of proxies. */
const LARGEST_SCOPES_FILE = 1 << 20;

function readScopesFile(file: string | undefined): readonly ScopeEntry[] {
  if (file === undefined) {
    return [];
  }
  let text: string;
  try {
    text = Buffer.from(readAtMost(file, LARGEST_SCOPES_FILE)).toString();
  } catch (error) {
    throw new UsageError(`--scopes ${file}: cannot be read: ${whyUnreadable(error)}`);
  }
  const result = readScopes(file, text);
  if ("problems" in result) {
    throw new UsageError(`--scopes: ${result.problems.join("\n  ")}`);
  }
  return result.entries;
}

function readMostStreams(text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new UsageError(`--max-streams: "${text}" is not valid; use a number from 1 to 9999999`);
  }
  return Number(text);
}
