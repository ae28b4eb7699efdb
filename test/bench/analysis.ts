/**
 * `npm run bench -- analysis`: how long answers about many rules take, each from a fresh process: check, explain, test
 * (cases a second, offline), and diff after one rule in a hundred VirtualServices has changed.
 */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { notCounts, runBench } from "./command.ts";
import { MIXES, type Mix, RULES_EACH, requestFor, virtualServices } from "./rule-mixes.ts";
import { type Used, used } from "./used.ts";

const HELP = `npm run bench -- analysis [OPTIONS]

Measures the time and memory that check, explain, test and diff need.

  --size N    number of VirtualServices, with ${RULES_EACH} rules each; repeatable (default: 1000, 10000)
  --mix NAME  how the rules differ from each other; repeatable (default: all)
  --cases N   requests for sluice test (default: 10000)
  --json      print JSON
  -h, --help  print this

Mixes: ${[...MIXES].map(([name, what]) => `${name}: ${what}`).join("\n       ")}`;

interface Result {
  readonly mix: Mix;
  readonly virtualServices: number;
  readonly rules: number;
  readonly check: Cost;
  readonly explain: Cost;
  /** Of processor time, without what it takes to be ready. */
  readonly casesASecond: number;
  readonly diff: Cost;
  readonly differences: number;
  /** Hosts for which the search was given up. */
  readonly cuts: number;
}

type Cost = Pick<Used, "ms" | "cpuMs" | "peakMiB">;

const effortOf = ({
  size = ["1000", "10000"],
  mix = [...MIXES.keys()],
  cases = "10000",
}: {
  readonly size?: readonly string[];
  readonly mix?: readonly string[];
  readonly cases?: string;
}) => ({ sizes: size, mixes: mix as readonly Mix[], cases });

async function measure(mix: Mix, size: number, cases: number): Promise<Result> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-bench-"));
  const at = (name: string) => path.join(folder, name);
  const sluice = path.join(packageRoot().directory, "dist", "sluice.js");
  try {
    await mkdir(at("old"));
    await mkdir(at("new"));
    await writeFile(at("old/rules.yaml"), virtualServices(mix, size, false));
    await writeFile(at("new/rules.yaml"), virtualServices(mix, size, true));
    for (const [name, count] of [
      ["one", 1],
      ["all", cases],
    ] as const) {
      await writeFile(at(`${name}.yaml`), caseFile(mix, size, count));
    }
    const { url, headers } = requestFor(mix, size - 1);
    const check = await used([sluice, "check", at("old")]);
    const flags = headers.flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    const explain = await used([sluice, "explain", at("old"), "--request", `GET ${url}`, ...flags]);
    const one = await used([sluice, "test", at("old"), "--cases", at("one.yaml")]);
    const all = await used([sluice, "test", at("old"), "--cases", at("all.yaml")]);
    const diff = await used([sluice, "diff", at("old"), at("new"), "--format", "json"]);
    const { differences, cuts } = JSON.parse(diff.output) as Record<"differences" | "cuts", unknown[]>;
    return {
      mix,
      virtualServices: size,
      rules: size * RULES_EACH,
      check,
      explain,
      casesASecond: Math.round((1000 * (cases - 1)) / Math.max(1, all.cpuMs - one.cpuMs)),
      diff,
      differences: differences.length,
      cuts: cuts.length,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A check for each of some rules, spread over all of them, whose answer is known. */
function caseFile(mix: Mix, size: number, count: number): string {
  const checks = Array.from({ length: count }, (_, i) => {
    const { url, headers, cluster } = requestFor(mix, Math.floor((i * size) / count));
    const sent = Object.fromEntries(headers);
    return `  - ${JSON.stringify({ ask: `GET ${url}`, headers: sent, expect: { cluster } })}\n`;
  });
  return `name: bench\nchecks:\n${checks.join("")}`;
}

function render(result: Result): string {
  const { mix, rules, check, explain, casesASecond, diff, differences, cuts } = result;
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  const time = ({ ms, cpuMs }: Cost) => [seconds(ms), seconds(cpuMs)];
  const memory = ({ peakMiB }: Cost) => peakMiB.toFixed(0);
  return row([
    mix,
    String(rules),
    ...time(check),
    memory(check),
    ...time(explain),
    String(casesASecond),
    ...time(diff),
    memory(diff),
    String(differences),
    String(cuts),
  ]);
}

function row(cells: readonly string[]): string {
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(8) : cell.padStart(8))).join("");
}

process.exitCode = await runBench(
  {
    help: HELP,
    flags: {
      size: { type: "string", multiple: true },
      mix: { type: "string", multiple: true },
      cases: { type: "string" },
    },
    title: (processor) => `Answers, ${processor}; s of time, s of CPU`,
    problems(values) {
      const { sizes, mixes, cases } = effortOf(values);
      return [...notCounts([...sizes, cases]), ...mixes.filter((name) => !MIXES.has(name))];
    },
    async measure(values, say) {
      const { sizes, mixes, cases } = effortOf(values);
      say(
        row([
          "",
          "rules",
          "check",
          "CPU",
          "MiB",
          "explain",
          "CPU",
          "cases/s",
          "diff",
          "CPU",
          "MiB",
          "found",
          "cut",
        ]),
      );
      const results: Result[] = [];
      for (const mix of mixes) {
        for (const size of sizes.map(Number)) {
          const result = await measure(mix, size, Number(cases));
          results.push(result);
          say(render(result));
        }
      }
      return { report: { cases: Number(cases), results } };
    },
  },
  process.argv.slice(2),
);
