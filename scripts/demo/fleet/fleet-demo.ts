/**
 * `npm start -- --fleet 5`: the demo mesh served to a fleet of Envoys by `sluice serve`, under load. A good change is rolled out, a
 * bad one is stopped and taken back; what is printed is what the server says, as it happens.
 */

import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Terminal } from "../../../compiler/cli/terminal.ts";
import {
  DEFAULT_PROXY_OPTIONS,
  type EnvoyProcess,
  packageRoot,
  type Target,
} from "../../../compiler/index.ts";
import { registryYaml } from "../../../envoy/bookinfo/registry.ts";
import { startBookinfo } from "../../../envoy/bookinfo/services/index.ts";
import { freePort, takePort } from "../ports.ts";
import { percent } from "../report.ts";
import { BAD, type Change, GOOD, make } from "./changes.ts";
import { startEnvoys } from "./envoys.ts";
import { type Readers, startReaders } from "./readers.ts";
import { type ServeEvent, ServeProcess } from "./serve-process.ts";

export interface FleetDemoOptions {
  readonly proxies: number;
  readonly target: Target;
  /** Ends after the two changes; else it serves on until Ctrl-C. */
  readonly once: boolean;
  readonly terminal: Terminal;
  readonly folder: string;
  readonly stop: AbortController;
}

const GATEWAY_PORT = 8080;
const WAVES = "shadow,1,all";
/** Envoys report every 5 s: what goes wrong shows in two of their reports. */
const BAKE = "12s";
/** What a whole roll-out may take on a busy machine. */
const ROLLOUT_MS = 120_000;
/** What is asked before a change, and after one was taken back. */
const CALM_MS = 3_000;
/** Injected faults fall on whichever Envoy has the kept connection of a service, and would look like a bad change. */
const LEFT_OUT = "ratings.yaml";

/** Whether both changes ended as they should. */
export async function runFleetDemo(options: FleetDemoOptions): Promise<boolean> {
  const { folder, terminal, stop } = options;
  const say = (line: string) => terminal.err(`${terminal.errColors.dim("demo:")} ${line}\n`);
  const meshPort = await takePort(DEFAULT_PROXY_OPTIONS.meshPort, "the mesh listener", say);
  const gatewayPort = await takePort(GATEWAY_PORT, "the gateway", say);
  const bookinfo = await startBookinfo(meshPort);
  let server: ServeProcess | undefined;
  let envoys: readonly EnvoyProcess[] = [];
  let readers: Readers | undefined;
  try {
    const rules = path.join(folder, "rules");
    await cp(path.join(packageRoot().directory, "envoy", "bookinfo", "rules"), rules, { recursive: true });
    await rm(path.join(rules, LEFT_OUT));
    await writeFile(path.join(rules, "registry.yaml"), registryYaml(bookinfo));
    const listen = `127.0.0.1:${await freePort()}`;
    const http = `127.0.0.1:${await freePort()}`;
    const args = [
      ...[path.basename(rules), "--listen", listen, "--http", http, "--waves", WAVES, "--bake", BAKE],
      ...["--target", options.target, "--listen-address", "127.0.0.1", "--mesh-port", String(meshPort)],
      ...(gatewayPort === GATEWAY_PORT ? [] : ["--port-map", `${GATEWAY_PORT}=${gatewayPort}`]),
      ...(options.once ? [] : ["--page"]),
    ];
    say(`sluice serve ${args.join(" ")}`);
    const serving = new ServeProcess(args, folder, (event) => show(event, terminal));
    server = serving;
    // Whoever waits for the server waits no longer.
    stop.signal.addEventListener("abort", () => void serving.stop());
    await serving.next(({ event }) => event === "listening", ROLLOUT_MS, "server");
    const envoyFolder = path.join(folder, "envoys");
    await mkdir(envoyFolder);
    envoys = await startEnvoys({
      server: listen,
      count: options.proxies,
      folder: envoyFolder,
      log: say,
      signal: stop.signal,
    });
    say(
      `${envoys.length} Envoys (${envoys[0]!.version}) serve http://127.0.0.1:${gatewayPort}/productpage, and readers of reviews ask them`,
    );
    readers = startReaders(meshPort);
    const shown = await showChanges({ ...options, say, rules, server: serving, readers });
    if (!options.once && !stop.signal.aborted) {
      say(`change rules in ${rules} yourself, and ask: sluice fleet rollouts --server http://${http}`);
      say("Ctrl-C ends");
      await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
    }
    return shown;
  } catch (error) {
    if (stop.signal.aborted) {
      return true;
    }
    throw error;
  } finally {
    await readers?.stop();
    await Promise.all(envoys.map((envoy) => envoy.stop(0)));
    await server?.stop();
    await bookinfo.close();
  }
}

function show({ event, message }: ServeEvent, terminal: Terminal): void {
  if (message !== undefined && event !== "joined") {
    terminal.err(`${terminal.errColors.dim("sluice:")} ${message}\n`);
  }
}

interface Showing extends FleetDemoOptions {
  readonly say: (line: string) => void;
  readonly rules: string;
  readonly server: ServeProcess;
  readonly readers: Readers;
}

async function showChanges(showing: Showing): Promise<boolean> {
  const { readers, say, stop, terminal, proxies } = showing;
  const { green, red } = terminal.errColors;
  const verdict = (isRight: boolean, words: string) => say(`${isRight ? green("✓") : red("✗")} ${words}`);
  const calm = async () => {
    readers.counts();
    await sleep(CALM_MS, undefined, { signal: stop.signal });
    return readers.counts();
  };
  say(`before: ${inWords(await calm())}`);

  const good = await change(GOOD, showing);
  const goodIsServed = good.event === "serving";
  const lost = errorsIn(readers.counts());
  verdict(
    goodIsServed && lost === 0,
    goodIsServed
      ? `all ${proxies} have it; requests that failed meanwhile: ${lost}`
      : "the good change was not rolled out",
  );
  say(`after: ${inWords(await calm())}`);

  const bad = await change(BAD, showing);
  const isBack = bad.event === "returned";
  const meanwhile = readers.counts();
  const had = proxiesWith(showing.server.events, String(bad.stopped?.revision));
  const after = await calm();
  verdict(
    isBack && had.size === 1 && errorsIn(after) === 0,
    isBack
      ? `taken back; ${[...had].join(", ")} alone had it, and ${errorsIn(meanwhile)} of ${total(meanwhile)} requests failed meanwhile`
      : "the bad change was not taken back",
  );
  say(`after: ${inWords(after)}`);
  return goodIsServed && lost === 0 && isBack && had.size === 1 && errorsIn(after) === 0;
}

/** How its roll-out ended. */
async function change(
  what: Change,
  { say, rules, server }: Showing,
): Promise<ServeEvent & { readonly stopped?: ServeEvent }> {
  say(what.what);
  const stopped = server.next(({ event }) => event === "stopped", ROLLOUT_MS, "end").catch(() => undefined);
  const end = server.next(
    ({ event }) => event === "serving" || event === "returned",
    ROLLOUT_MS,
    "end of the roll-out",
  );
  await make(what, rules);
  const ended = await end;
  const failure = ended.event === "returned" ? await stopped : undefined;
  return { ...ended, ...(failure && { stopped: failure }) };
}

function proxiesWith(events: readonly ServeEvent[], revision: string): Set<string> {
  return new Set(
    events
      .filter(({ event, revision: other }) => event === "taken" && other === revision)
      .map(({ proxy }) => String(proxy)),
  );
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function errorsIn(counts: ReadonlyMap<string, number>): number {
  return total(new Map([...counts].filter(([what]) => !what.startsWith("reviews-"))));
}

/** `of 605 requests 80 % to reviews-v1, 10 % to reviews-v2, 10 % to reviews-v3` */
function inWords(counts: ReadonlyMap<string, number>): string {
  const all = total(counts);
  const parts = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, count]) => `${percent(count / Math.max(all, 1))} ${what}`);
  return `${all} requests: ${parts.join(", ")}`;
}
