/**
 * `npm run example -- canary`: one example of envoy/examples in a real Envoy. Starts stand-ins for the services that its
 * rules name, prints what to try and what to see, and goes on until Ctrl-C; with `--once` it does the trying itself.
 */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { EXIT, type ExitCode, UsageError } from "../../compiler/cli/exit.ts";
import { Voice } from "../../compiler/cli/run-voice.ts";
import { processTerminal, type Terminal } from "../../compiler/cli/terminal.ts";
import {
  createWorkspace,
  DEFAULT_PROXY_OPTIONS,
  EnvironmentError,
  files,
  formatDiagnostics,
  type SessionEvent,
} from "../../compiler/index.ts";
import { Clients } from "../demo/client.ts";
import { freePort, takePort } from "../demo/ports.ts";
import { failures, renderTable } from "../demo/report.ts";
import { runShown } from "../demo/show.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type Example, listExamples } from "./example-file.ts";
import { startServices } from "./services.ts";
import { commandOf, doTries, type Ports } from "./tries.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const HELP = `Runs an example of envoy/examples in a real Envoy; without a name, lists them.

  npm run example -- [name] [options]

  --once      send the requests of the example, print the results, and exit
              with 0 if they are as expected, otherwise with 1
  -h, --help  print this

Exit codes: 0 success, 1 invalid rules, or rules that were not followed, 2 wrong usage, 3 failure of the environment.
`;

async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { help, once, name } = readOptions(args);
  if (help) {
    terminal.out(HELP);
    return EXIT.ok;
  }
  const examples = await listExamples();
  if (name === undefined) {
    terminal.out(listing(examples, terminal));
    return EXIT.ok;
  }
  const example = examples.find((other) => other.name === name);
  if (example === undefined) {
    const names = examples.map((other) => other.name).join(", ");
    throw new UsageError(`unknown example "${name}"; the examples are ${names}`);
  }
  if (example.command !== undefined) {
    terminal.out(`${example.about}\n\n  ${terminal.outColors.cyan(example.command)}\n`);
    return EXIT.ok;
  }
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of SIGNALS) {
    process.on(signal, onSignal);
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-example-"));
  const home = process.cwd();
  try {
    // Files that rules name are looked for where Envoy runs.
    process.chdir(folder);
    return await runExample(example, { once, folder, terminal, stop });
  } finally {
    process.chdir(home);
    await rm(folder, { recursive: true, force: true });
    for (const signal of SIGNALS) {
      process.off(signal, onSignal);
    }
  }
}

function readOptions(args: readonly string[]): { help: boolean; once: boolean; name: string | undefined } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: "boolean", short: "h" }, once: { type: "boolean" } },
    });
    if (positionals.length > 1) {
      throw new UsageError(`only one example can run at a time, not ${positionals.join(", ")}`);
    }
    return { help: values.help === true, once: values.once === true, name: positionals[0] };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message);
  }
}

function listing(examples: readonly Example[], { outColors }: Terminal): string {
  const width = Math.max(...examples.map(({ name }) => name.length));
  const lines = examples.map(({ name, about }) => `  ${outColors.cyan(name.padEnd(width))}  ${about}`);
  return [...lines, "", "npm run example -- NAME runs one of them.", ""].join("\n");
}

interface Run {
  readonly once: boolean;
  /** For keys and certificates. */
  readonly folder: string;
  readonly terminal: Terminal;
  readonly stop: AbortController;
}

async function runExample(example: Example, run: Run): Promise<ExitCode> {
  const { folder, terminal, stop } = run;
  const say = (line: string) => terminal.err(`${terminal.errColors.dim("example:")} ${line}\n`);
  const certificates = await makeCertificates(folder, example.secrets);
  const services = await startServices(example.services, certificates);
  try {
    // With --once nobody types an address: a free port is in nobody's way.
    const port = (wanted: number, what: string) => (run.once ? freePort() : takePort(wanted, what, say));
    const meshPort = await port(DEFAULT_PROXY_OPTIONS.meshPort, "the mesh listener");
    const gateways = new Map<number, number>();
    for (const [from, to] of example.portMap) {
      gateways.set(from, await port(to, `port ${from} of the Gateway`));
    }
    const workspace = createWorkspace({
      source: files([path.join(example.folder, "rules.yaml")]),
      proxies: {
        example: {
          ...DEFAULT_PROXY_OPTIONS,
          listenAddress: "127.0.0.1",
          meshPort,
          portMap: gateways,
          // The limits of a circuit breaker hold for each worker a little differently; with one they are the rule's.
          concurrency: 1,
          secretsDirectory: Object.keys(example.secrets).length === 0 ? "" : path.join(folder, "secrets"),
        },
      },
    });
    const { findings, compilation } = await workspace.compile(undefined, { toRun: true });
    if (compilation === undefined) {
      terminal.err(formatDiagnostics(findings, terminal.errLook));
      return EXIT.rules;
    }
    const guide = new Guide(example, { mesh: meshPort, gateways }, certificates, run);
    const fits = await runShown({
      workspace,
      compilation,
      show: guide,
      once: run.once,
      folder,
      stop,
    });
    return fits ? EXIT.ok : EXIT.rules;
  } finally {
    await services.close();
  }
}

/** What is said and tried while Envoy serves. */
class Guide {
  /** All that was tried was as it should be; unknown until it was. */
  obeyed: boolean | undefined;
  readonly #example: Example;
  readonly #ports: Ports;
  readonly #certificates: Certificates;
  readonly #run: Run;
  readonly #voice: Voice;
  #work: Promise<void> = Promise.resolve();

  constructor(example: Example, ports: Ports, certificates: Certificates, run: Run) {
    this.#example = example;
    this.#ports = ports;
    this.#certificates = certificates;
    this.#run = run;
    this.#voice = new Voice(run.terminal, "text");
  }

  tell(event: SessionEvent): void {
    this.#voice.tell(event);
    if (event.kind === "serving") {
      this.#run.terminal.out(`\n${this.#run.terminal.outColors.bold(this.#example.about)}\n`);
      if (this.#run.once) {
        this.#work = this.#tryAll().finally(() => this.#run.stop.abort());
      } else {
        this.#run.terminal.out(this.#whatToTry());
      }
    }
  }

  close(): Promise<void> {
    return this.#work;
  }

  async #tryAll(): Promise<void> {
    const { terminal } = this.#run;
    const { authority, authorityFile } = this.#certificates;
    const secure = this.#example.tries.filter(({ url }) => url.startsWith("https:"));
    const ports = secure.map(({ port }) => this.#ports.gateways.get(port!)!);
    const clients = new Clients(new Map(ports.map((port) => [port, authority])));
    try {
      const rows = await doTries(this.#example.tries, this.#ports, clients, authorityFile);
      terminal.out(renderTable(rows, terminal.outColors));
      this.obeyed = failures(rows).length === 0;
    } finally {
      clients.close();
    }
  }

  #whatToTry(): string {
    const { bold, cyan } = this.#run.terminal.outColors;
    const lines = this.#example.tries.map(
      (attempt) =>
        `  ${attempt.see}${often(attempt.times)}\n    ${cyan(commandOf(attempt, this.#ports, this.#certificates.authorityFile))}\n`,
    );
    const rules = path.join(this.#example.folder, "rules.yaml");
    return [
      `\n${bold("To try:")}\n`,
      ...lines,
      `\n${bold("To change:")} edit ${rules} and save it; Envoy picks up the change. Ctrl-C ends the example.\n`,
    ].join("");
  }
}

function often(times = 1): string {
  return times === 1 ? "" : ` (send it more than once; --once sends ${times})`;
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
