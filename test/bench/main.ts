/**
 * `npm run bench`: what a request costs, in CPU time of the Envoy process, with our filter and with others, side by
 * side in one run. Ratios are to be trusted more than numbers: both sides of one had the same machine.
 */

import os from "node:os";
import { parseArgs } from "node:util";
import { isMainThread, workerData } from "node:worker_threads";
import type { Endpoint } from "../../compiler/ir/ir.ts";
import { EnvironmentError } from "../../compiler/platform/error.ts";
import { type EnvoyBinary, findEnvoy } from "../../compiler/run/envoy/find.ts";
import { renderBounds } from "./bounds.ts";
import { curvesOf, renderCrossing } from "./crossing.ts";
import { type Effort, type Measured, measure, wireRequest } from "./measure.ts";
import { isConstant, PEERS, type Peer, type PeerName, startPeer } from "./peers.ts";
import { writePerformancePage } from "./performance-page.ts";
import { type Result, renderHeader, renderResult, renderSpread } from "./report.ts";
import { SHAPES, type Shape } from "./shapes.ts";
import { serveUpstream, startUpstreamThread, UPSTREAM_THREAD } from "./upstream.ts";

const HELP = `npm run bench -- [OPTIONS]

Measures the CPU time that Envoy spends on a request: with the filter, with Envoy's own routes for the same rules,
and with filters that do less.

  --shape NAME       shape of the rules; repeatable (default: demo, exact, prefix, regex)
  --size N           number of rules; repeatable (default: 10, 1000, 10000)
  --peer NAME        configuration to measure; repeatable (default: all)
  --ask last|spread  request the last rule, or 64 rules spread over all of them (default: last)
  --headers N        headers per request (default: 10)
  --rounds N         rounds per peer (default: 7)
  --requests N       requests per round (default: 10000)
  --connections N    connections (default: 16)
  --upstream         forward requests to an upstream; otherwise Envoy answers 503 itself
  --quick            fewer sizes, rounds and requests: under a minute
  --crossing         find the number of rules from which the filter costs less than native
  --write            with --crossing: write the results into docs/performance.md
  --json             print JSON
  --all              every shape, and sizes up to 100000
  -h, --help         print this

Shapes: ${[...SHAPES.keys()].join(", ")}
Peers: ${PEERS.join(", ")}`;

interface Plan {
  readonly shapes: readonly Shape[];
  readonly sizes: readonly number[];
  readonly peers: readonly PeerName[];
  readonly ask: "last" | "spread";
  readonly headers: number;
  readonly effort: Effort;
  readonly upstream: boolean;
  readonly json: boolean;
  readonly crossing: boolean;
  readonly write: boolean;
}

const CROSSING_SHAPES = ["exact", "prefix", "exact-header", "regex"];
const CROSSING_SIZES = ["10", "20", "50", "100", "200", "500", "1000", "2000", "5000", "10000"];
const CROSSING_PEERS: readonly PeerName[] = ["none", "noop", "wasm", "native"];

async function main(args: readonly string[]): Promise<number> {
  const plan = readPlan(args);
  if (plan === HELP) {
    console.log(plan);
    return 0;
  }
  if (typeof plan === "string") {
    console.error(plan);
    return 2;
  }
  const say = (line: string) => (plan.json ? console.error(line) : console.log(line));
  const binary = await findEnvoy({ log: say });
  const upstream = plan.upstream ? await startUpstreamThread(new URL(import.meta.url)) : undefined;
  const endpoint = upstream && { address: "127.0.0.1", port: upstream.port, weight: 1 };
  const constant: Peer[] = [];
  const results: Result[] = [];
  let failed = 0;
  try {
    const nothing = { ignorePortInHost: true, virtualHosts: [] };
    for (const name of plan.peers.filter(isConstant)) {
      constant.push((await startPeer(name, nothing, endpoint, binary))!);
    }
    say(`\nCPU µs a request, ${os.cpus()[0]?.model ?? "unknown processor"}, ${os.cpus().length} cores\n`);
    say(renderHeader());
    for (const shape of plan.shapes) {
      for (const size of sizesOf(shape, plan.sizes)) {
        try {
          const measured = await measureRules(plan, shape, size, constant, endpoint, binary);
          results.push({ shape: shape.name, size, measured });
          say(renderResult(results.at(-1)!));
        } catch (error) {
          // One that cannot be measured does not take the others along.
          failed += 1;
          say(`${shape.name}, ${size} rules: ${(error as Error).message}`);
        }
      }
    }
    say(`\n${renderSpread(results)}`);
    say(["", ...renderBounds(results)].join("\n"));
    const curves = plan.crossing ? curvesOf(results) : [];
    say(curves.map((curve) => `\n${renderCrossing(curve)}`).join(""));
    if (plan.write && failed === 0) {
      await writePerformancePage(curves, describe(plan, binary));
    }
    if (plan.json) {
      const machine = { processor: os.cpus()[0]?.model, cores: os.cpus().length, node: process.version };
      const { shapes: _shapes, json: _json, crossing: _crossing, write: _write, ...how } = plan;
      console.log(
        JSON.stringify(
          { machine, envoy: binary.version, how, results, ...(plan.crossing && { curves }) },
          null,
          2,
        ),
      );
    }
    return failed === 0 ? 0 : 1;
  } finally {
    await Promise.all(constant.map((peer) => peer.stop()));
    await upstream?.stop();
  }
}

async function measureRules(
  plan: Plan,
  shape: Shape,
  size: number,
  constant: readonly Peer[],
  endpoint: Endpoint | undefined,
  binary: EnvoyBinary,
): Promise<Measured[]> {
  const rules = shape.rules(size);
  const own: Peer[] = [];
  try {
    for (const name of plan.peers.filter((peer) => !isConstant(peer))) {
      const peer = await startPeer(name, rules, endpoint, binary);
      if (peer !== undefined) {
        own.push(peer);
      }
    }
    const requests = askedRules(plan.ask, size).map((i) => wireRequest(shape.request(i, size), plan.headers));
    const expected = plan.upstream ? "HTTP/1.1 200" : "HTTP/1.1 503";
    return await measure([...constant, ...own], requests, plan.effort, expected);
  } finally {
    await Promise.all(own.map((peer) => peer.stop()));
  }
}

/** How and on what it was measured, for those who only see the figures. */
function describe({ headers, effort: { rounds } }: Plan, binary: EnvoyBinary): string {
  const processor = os.cpus()[0]?.model ?? "an unknown processor";
  return `Envoy ${binary.version}, one worker, ${headers} headers, answered by Envoy itself; medians of ${rounds} rounds on ${processor} with ${os.cpus().length} cores`;
}

/** A shape that cannot grow so far is measured once, as far as it goes. */
function sizesOf(shape: Shape, sizes: readonly number[]): number[] {
  return [...new Set(sizes.map((size) => Math.min(size, shape.most)))];
}

const SPREAD = 64;

function askedRules(ask: Plan["ask"], size: number): number[] {
  return ask === "last"
    ? [size - 1]
    : Array.from({ length: Math.min(SPREAD, size) }, (_, i) =>
        Math.floor((i * size) / Math.min(SPREAD, size)),
      );
}

function readPlan(args: readonly string[]): Plan | string {
  let values: ReturnType<typeof parse>["values"];
  try {
    ({ values } = parse(args));
  } catch (error) {
    return `bench: ${(error as Error).message}\n\n${HELP}`;
  }
  if (values.help === true) {
    return HELP;
  }
  const quick = values.quick === true;
  const all = values.all === true;
  const crossing = values.crossing === true;
  const shapes =
    values.shape ??
    (crossing ? CROSSING_SHAPES : all ? [...SHAPES.keys()] : ["demo", "exact", "prefix", "regex"]);
  const sizes = values.size ?? sizesWhen({ crossing, all, quick });
  const peers = values.peer ?? (crossing ? CROSSING_PEERS : PEERS);
  const problems = [
    ...shapes.filter((name) => !SHAPES.has(name)).map((name) => `--shape: unknown shape "${name}"`),
    ...sizes
      .filter((size) => !isCount(size))
      .map((size) => `--size: "${size}" is not a number from 1 to 9999999`),
    ...peers
      .filter((name) => !PEERS.includes(name as PeerName))
      .map((name) => `--peer: unknown peer "${name}"`),
    ...(["headers", "rounds", "requests", "connections"] as const)
      .filter((name) => values[name] !== undefined && !isCount(values[name]))
      .map((name) => `--${name}: "${values[name]}" is not a number from 1 to 9999999`),
    ...(values.ask === undefined || values.ask === "last" || values.ask === "spread"
      ? []
      : [`--ask: "${values.ask}" is not valid; use last or spread`]),
    ...(values.write === true && !crossing ? ["--write needs --crossing"] : []),
    ...(crossing && !["wasm", "native"].every((name) => (peers as readonly string[]).includes(name))
      ? ["--crossing needs the peers wasm and native"]
      : []),
  ];
  if (problems.length > 0) {
    return problems.map((problem) => `bench: ${problem}`).join("\n");
  }
  return {
    shapes: shapes.map((name) => SHAPES.get(name)!),
    sizes: sizes.map(Number),
    peers: peers as PeerName[],
    ask: (values.ask ?? "last") as Plan["ask"],
    headers: Number(values.headers ?? 10),
    effort: {
      rounds: Number(values.rounds ?? (quick ? 5 : 7)),
      requestsARound: Number(values.requests ?? (quick ? 3000 : 10_000)),
      connections: Number(values.connections ?? 16),
      roundTimeoutMs: 120_000,
    },
    upstream: values.upstream === true,
    json: values.json === true,
    crossing,
    write: values.write === true,
  };
}

function sizesWhen({
  crossing,
  all,
  quick,
}: Readonly<Record<"crossing" | "all" | "quick", boolean>>): string[] {
  if (quick) {
    return ["10", "1000"];
  }
  if (crossing) {
    return CROSSING_SIZES;
  }
  return all ? ["10", "100", "1000", "10000", "100000"] : ["10", "1000", "10000"];
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      shape: { type: "string", multiple: true },
      size: { type: "string", multiple: true },
      peer: { type: "string", multiple: true },
      ask: { type: "string" },
      headers: { type: "string" },
      rounds: { type: "string" },
      requests: { type: "string" },
      connections: { type: "string" },
      upstream: { type: "boolean" },
      quick: { type: "boolean" },
      crossing: { type: "boolean" },
      write: { type: "boolean" },
      json: { type: "boolean" },
      all: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
}

function isCount(text: string): boolean {
  return /^[1-9]\d{0,6}$/.test(text);
}

if (!isMainThread && workerData === UPSTREAM_THREAD) {
  serveUpstream();
} else {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof EnvironmentError)) {
      throw error;
    }
    console.error(`bench: ${[error.message, ...error.details].join("\n  ")}`);
    process.exitCode = 3;
  }
}
