/**
 * `npm run bench -- counting`: what it costs to count requests by rule, and to tell who asks which rule one took. The filter alone
 * is measured, in Node: the same module and the same engine as in Envoy.
 */

import { pathToFileURL } from "node:url";
import { loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { unpackProgram } from "../../compiler/back/program/pack.ts";
import type { Route, RouteTable } from "../../compiler/ir/ir.ts";
import { filterModulePath } from "../../compiler/platform/package-root.ts";
import { bareFilter, headerPairs } from "./bare-filter.ts";
import { notCounts, runBench } from "./command.ts";
import { median } from "./measure.ts";
import { exactPath, forward } from "./shapes.ts";

const HELP = `npm run bench -- counting [OPTIONS]

Measures what the filter needs for a request with and without counters, and to tell Envoy of them.

  --size N      number of rules (default: 10000)
  --rounds N    rounds (default: 31)
  --requests N  requests a round (default: 50000)
  --json        print JSON
  -h, --help    print this`;

const DESTINATIONS = [
  { cluster: "outbound|80|v1|bench.example", weight: 80 },
  { cluster: "outbound|80|v2|bench.example", weight: 15 },
  { cluster: "outbound|80|v3|bench.example", weight: 5 },
];

/** Rules that each take one path; all of them go to one cluster, or split. */
function rules(size: number, splits: boolean): RouteTable {
  const span = { file: { path: "", text: "" }, start: 0, end: 0 };
  const routes = Array.from({ length: size }, (_, i): Route => {
    const id = `shop/service-${i}#default`;
    const route = forward({ path: exactPath(`/api/${i}`) });
    return {
      ...route,
      ...(splits && { action: { ...route.action, destinations: DESTINATIONS } as Route["action"] }),
      origin: { ruleId: id, id, resource: id, rule: 0, span },
    };
  });
  return { ignorePortInHost: true, virtualHosts: [{ name: "all", domains: ["*"], routes }] };
}

/** As a browser sends them. */
const LINES = (path: string) =>
  [
    [":authority", "bench.example"],
    [":path", path],
    [":method", "GET"],
    [":scheme", "http"],
    ["user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"],
    ["accept", "text/html,application/xhtml+xml"],
    ["accept-language", "en-GB,en;q=0.9"],
    ["x-request-id", "2f1d3b4a-5c6e-4f70-8a91-b2c3d4e5f607"],
    ["x-forwarded-proto", "http"],
    ["cookie", "session=abcdef0123456789"],
  ] as const;

const SPREAD = 64;
/** `plain` a second time shows how far two measurements of the same are apart. */
const KINDS = {
  plain: undefined,
  again: undefined,
  counted: { listener: "mesh", counters: true, names: false },
  named: { listener: "mesh", counters: true, names: true },
} as const;

type Kind = keyof typeof KINDS;

interface Result {
  readonly rules: "one cluster" | "a split of three";
  /** Nanoseconds of a request, medians. */
  readonly ns: Readonly<Record<Kind, number>>;
  /** Medians of the differences of rounds, less what "plain" needs. */
  readonly moreNs: Readonly<Record<Exclude<Kind, "plain">, number>>;
  readonly bytes: Readonly<
    Record<"plain" | "counted", { readonly packed: number; readonly unpacked: number }>
  >;
  /** Milliseconds of processor time of ticks after each rule was asked once: while names are defined, and once all of them are known. */
  readonly firstTicks: { readonly count: number; readonly longest: number; readonly sum: number };
  readonly knownTicks?: { readonly count: number; readonly longest: number; readonly sum: number };
}

function measure(splits: boolean, size: number, rounds: number, requests: number): Result {
  const module = loadFilter(pathToFileURL(filterModulePath()));
  const table = rules(size, splits);
  const blobs = Object.fromEntries(
    Object.entries(KINDS).map(([kind, naming]) => [kind, encodeProgram(table, undefined, undefined, naming)]),
  ) as Record<Kind, Uint8Array>;
  const some = Array.from({ length: SPREAD }, (_, i) =>
    headerPairs(LINES(`/api/${Math.floor((i * size) / SPREAD)}`)),
  );
  const filters = Object.entries(blobs).map(
    ([kind, blob]) => [kind as Kind, bareFilter(module, blob, (i) => some[i % SPREAD]!)] as const,
  );
  const times: Record<Kind, number[]> = { plain: [], again: [], counted: [], named: [] };
  for (let round = -2; round < rounds; round++) {
    // Each of them comes first in its turn.
    for (let i = 0; i < filters.length; i++) {
      const [kind, filter] = filters[(i + round + filters.length) % filters.length]!;
      const start = process.cpuUsage();
      filter.decide(requests);
      const { user, system } = process.cpuUsage(start);
      if (round >= 0) {
        times[kind].push(((user + system) * 1000) / requests);
      }
      filter.tick();
    }
  }
  const more = (kind: Kind) => median(times[kind].map((time, i) => time - times.plain[i]!));
  const every = Array.from({ length: size }, (_, i) => headerPairs(LINES(`/api/${i}`)));
  const counted = bareFilter(module, blobs.counted, (i) => every[i % size]!);
  const ticks = () => {
    counted.decide(size);
    const all = counted.tick();
    return { count: all.length, longest: Math.max(...all), sum: all.reduce((sum, ms) => sum + ms, 0) };
  };
  const firstTicks = ticks();
  ticks();
  return {
    rules: splits ? "a split of three" : "one cluster",
    ns: {
      plain: median(times.plain),
      again: median(times.again),
      counted: median(times.counted),
      named: median(times.named),
    },
    moreNs: { again: more("again"), counted: more("counted"), named: more("named") },
    bytes: { plain: sizes(blobs.plain), counted: sizes(blobs.counted) },
    firstTicks,
    // Of a split, some part would be drawn for the first time.
    ...(!splits && { knownTicks: ticks() }),
  };
}

function sizes(blob: Uint8Array): { readonly packed: number; readonly unpacked: number } {
  return { packed: blob.length, unpacked: unpackProgram(blob)!.length };
}

const command = {
  help: HELP,
  flags: { size: { type: "string" }, rounds: { type: "string" }, requests: { type: "string" } },
  title: (processor: string) => `The filter in Node ${process.version}, on ${processor}`,
  problems: ({
    size = "1",
    rounds = "1",
    requests = "1",
  }: {
    size?: string;
    rounds?: string;
    requests?: string;
  }) => notCounts([size, rounds, requests]),
  async measure(
    {
      size = "10000",
      rounds = "31",
      requests = "50000",
    }: { size?: string; rounds?: string; requests?: string },
    say: (line: string) => void,
  ) {
    const results = [false, true].map((splits) =>
      measure(splits, Number(size), Number(rounds), Number(requests)),
    );
    for (const { rules, ns, moreNs, bytes, firstTicks, knownTicks } of results) {
      const signed = (value: number) => `${value < 0 ? "" : "+"}${value.toFixed(0)}`;
      const ms = ({ count, longest, sum }: Result["firstTicks"]) =>
        `${sum.toFixed(1)} ms in ${count} ticks, the longest ${longest.toFixed(2)} ms`;
      say(`${size} rules, ${rules}`);
      say(
        `  a request       ${ns.plain.toFixed(0)} ns; counted ${signed(moreNs.counted)}, and named ${signed(moreNs.named)}; the same again ${signed(moreNs.again)}`,
      );
      say(`  names new       ${ms(firstTicks)}`);
      if (knownTicks !== undefined) {
        say(`  names known     ${ms(knownTicks)}`);
      }
      say(
        `  program         ${bytes.plain.packed} bytes (${bytes.plain.unpacked} in memory); counted ${bytes.counted.packed} (${bytes.counted.unpacked})`,
      );
    }
    return { report: { size: Number(size), results } };
  },
} as const;

process.exitCode = await runBench(command, process.argv.slice(2));
