/**
 * `npm start`: the demo mesh. Starts the services of Bookinfo, runs Envoy for the rules in the way `sluice run --watch`
 * does, shows each rule at work, and goes on until Ctrl-C, showing again what an edit of the rules changes.
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { EXIT, type ExitCode, UsageError } from "../compiler/cli/exit.ts";
import { processTerminal, type Terminal } from "../compiler/cli/terminal.ts";
import {
  type Compilation,
  createWorkspace,
  DEFAULT_PROXY_OPTIONS,
  EnvironmentError,
  type Findings,
  files,
  formatDiagnostics,
  type ProxyOptions,
  packageRoot,
  type Workspace,
} from "../compiler/index.ts";
import { registryYaml } from "../envoy/bookinfo/registry.ts";
import { startBookinfo } from "../envoy/bookinfo/services/index.ts";
import { Demonstration } from "./demo/demonstration.ts";
import { runFleetDemo } from "./demo/fleet/fleet-demo.ts";
import { type DemoOptions, HELP, readOptions } from "./demo/options.ts";
import { takePort } from "./demo/ports.ts";
import { runShown } from "./demo/show.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const options = readOptions(args);
  if (options.help) {
    terminal.out(HELP);
    return EXIT.ok;
  }
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of SIGNALS) {
    process.on(signal, onSignal);
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-demo-"));
  try {
    if (options.fleet !== undefined) {
      const isRight = await runFleetDemo({ ...options, proxies: options.fleet, terminal, folder, stop });
      return isRight ? EXIT.ok : EXIT.rules;
    }
    return await runDemo(options, folder, terminal, stop);
  } finally {
    await rm(folder, { recursive: true, force: true });
    for (const signal of SIGNALS) {
      process.off(signal, onSignal);
    }
  }
}

async function runDemo(
  options: DemoOptions,
  folder: string,
  terminal: Terminal,
  stop: AbortController,
): Promise<ExitCode> {
  // The URL of the page comes first.
  let early = "";
  const say = (line: string) => {
    early += `${terminal.errColors.dim("demo:")} ${line}\n`;
  };
  const meshPort = await takePort(DEFAULT_PROXY_OPTIONS.meshPort, "the mesh listener", say);
  const bookinfo = await startBookinfo(meshPort);
  try {
    const rules = options.rules ?? path.join(packageRoot().directory, "envoy", "bookinfo", "rules");
    const relative = path.relative(process.cwd(), rules) || ".";
    const shownRules = relative.startsWith("..") ? rules : relative;
    const registry = path.join(folder, "registry.yaml");
    await writeFile(registry, registryYaml(bookinfo));
    const paths = [shownRules, registry];

    const compiled = await compileForFreePorts(
      paths,
      {
        ...DEFAULT_PROXY_OPTIONS,
        target: options.target,
        listenAddress: "127.0.0.1",
        meshPort,
        // The limits of a circuit breaker hold for each worker a little differently; with one they are the rule's.
        concurrency: 1,
        tap: !options.once,
      },
      say,
    );
    early += formatDiagnostics(compiled.findings, terminal.errLook);
    if (compiled.compilation === undefined) {
      terminal.err(early);
      return EXIT.rules;
    }
    const { workspace, compilation } = compiled;
    const demonstration = new Demonstration({
      once: options.once,
      meshPort,
      rules: shownRules,
      bookinfo,
      terminal,
      early,
      stop,
    });
    const fits = await runShown({
      workspace,
      compilation,
      show: demonstration,
      once: options.once,
      folder,
      stop,
    });
    return fits ? EXIT.ok : EXIT.rules;
  } finally {
    await bookinfo.close();
  }
}

interface Compiled {
  readonly workspace: Workspace;
  readonly findings: Findings;
  /** Absent: the rules are wrong. */
  readonly compilation?: Compilation;
}

/** Compiles once to learn which ports the Gateways want, and again when one of those is taken. */
async function compileForFreePorts(
  paths: readonly string[],
  wanted: ProxyOptions,
  say: (line: string) => void,
): Promise<Compiled> {
  const first = await compileFor(paths, wanted);
  const portMap = new Map<number, number>();
  for (const { name, role, port } of first.compilation?.config.listeners ?? []) {
    const bound = role === "gateway" ? await takePort(port, `listener ${name}`, say) : port;
    if (bound !== port) {
      portMap.set(port, bound);
    }
  }
  if (portMap.size === 0) {
    return first;
  }
  await first.workspace.dispose();
  return compileFor(paths, { ...wanted, portMap });
}

async function compileFor(paths: readonly string[], proxy: ProxyOptions): Promise<Compiled> {
  const workspace = createWorkspace({ source: files(paths), proxies: { demo: proxy } });
  const { findings, compilation } = await workspace.compile(undefined, { toRun: true });
  return { workspace, findings, ...(compilation !== undefined && { compilation }) };
}

const terminal = processTerminal();
try {
  process.exitCode = await main(process.argv.slice(2), terminal);
} catch (error) {
  if (!(error instanceof UsageError || error instanceof EnvironmentError)) {
    throw error;
  }
  const details = error instanceof EnvironmentError ? error.details : [];
  terminal.err(`${[`${terminal.errColors.red("error:")} ${error.message}`, ...details].join("\n  ")}\n`);
  process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.environment;
}
