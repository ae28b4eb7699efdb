/**
 * `npm run bench -- compile`: how long the compiler takes, from files of YAML to a whole build on the disk. Cold is a
 * fresh `sluice build`; after a change is what `sluice run --watch` does in its process, up to what Envoy would read.
 */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createWorkspace, files, formatDiagnostics } from "../../compiler/index.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../compiler/options.ts";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { emitBuild } from "../../compiler/run/delivery/folder/build.ts";
import { notCounts, runBench } from "./command.ts";
import { changeRule, LAYOUTS, type Layout, writeRuleFiles } from "./rule-files.ts";
import { type Used, used } from "./used.ts";

const HELP = `npm run bench -- compile [OPTIONS]

Measures the time and memory that the compiler needs.

  --size N       number of rules; repeatable (default: 1000, 10000, 100000)
  --layout NAME  how the rules are spread over files; repeatable (default: all)
  --rounds N     processes to start, and changes to make, for each median (default: 3)
  --quick        the same as --size 1000 --size 10000 --rounds 1
  --json         print JSON
  -h, --help     print this

Layouts: ${LAYOUTS.join(", ")}`;

interface Result {
  readonly layout: Layout;
  readonly size: number;
  readonly bytes: number;
  readonly coldMs: number;
  readonly coldCpuMs: number;
  readonly peakMiB: number;
  /** After one file was changed. */
  readonly warmMs: number;
  readonly warmPeakMiB: number;
}

const effortOf = ({
  size,
  layout = LAYOUTS,
  rounds,
  quick = false,
}: {
  readonly size?: readonly string[];
  readonly layout?: readonly string[];
  readonly rounds?: string;
  readonly quick?: boolean;
}) => ({
  sizes: size ?? (quick ? ["1000", "10000"] : ["1000", "10000", "100000"]),
  layouts: layout as readonly Layout[],
  rounds: rounds ?? (quick ? "1" : "3"),
});

async function measure(layout: Layout, size: number, rounds: number): Promise<Result> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-bench-"));
  try {
    const files = await writeRuleFiles(layout, size, path.join(folder, "rules"));
    const cold: Used[] = [];
    for (let i = 0; i < rounds; i++) {
      const sluice = path.join(packageRoot().directory, "dist", "sluice.js");
      cold.push(await used([sluice, "build", files.directory, "--out", path.join(folder, `out-${i}`)]));
    }
    const again = [fileURLToPath(import.meta.url), AGAIN, files.directory, files.file, String(rounds)];
    const warm = await used(again);
    return {
      layout,
      size,
      bytes: files.bytes,
      coldMs: median(cold.map(({ ms }) => ms)),
      coldCpuMs: median(cold.map(({ cpuMs }) => cpuMs)),
      peakMiB: Math.max(...cold.map(({ peakMiB }) => peakMiB)),
      warmMs: median(JSON.parse(warm.output) as number[]),
      warmPeakMiB: warm.peakMiB,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const AGAIN = "--compile-again";

/** In a process of its own: compiles, and then again after each change; prints the times of the latter. */
async function compileAgain(directory: string, file: string, rounds: number): Promise<void> {
  const out = path.join(directory, "..", "warm");
  const workspace = createWorkspace({ source: files([directory]) });
  const once = async () => {
    const { findings, compilation } = await workspace.compile();
    if (compilation === undefined) {
      throw new Error(formatDiagnostics(findings));
    }
    return emitBuild(compilation, DEFAULT_PROXY_OPTIONS, out);
  };
  await once();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    await changeRule(file);
    const start = performance.now();
    await once();
    times.push(performance.now() - start);
  }
  console.log(JSON.stringify(times));
}

function render(result: Result, before: Result | undefined): string {
  const { layout, size, bytes, coldMs, coldCpuMs, peakMiB, warmMs, warmPeakMiB } = result;
  const growth = before?.layout === layout ? (coldMs / size / (before.coldMs / before.size)).toFixed(2) : "";
  const numbers = [coldMs, coldCpuMs, peakMiB, warmMs, warmPeakMiB].map((n) => n.toFixed(0));
  return row([layout, String(size), (bytes / 1e6).toFixed(1), ...numbers, growth]);
}

function row(cells: readonly string[]): string {
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(10) : cell.padStart(10))).join(" ");
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

const [role, directory, file, rounds] = process.argv.slice(2);
if (role === AGAIN) {
  await compileAgain(directory!, file!, Number(rounds));
} else {
  process.exitCode = await runBench(
    {
      help: HELP,
      flags: {
        size: { type: "string", multiple: true },
        layout: { type: "string", multiple: true },
        rounds: { type: "string" },
        quick: { type: "boolean" },
      },
      title: (processor) => `The compiler, ${processor}`,
      problems(values) {
        const { sizes, layouts, rounds } = effortOf(values);
        return [...notCounts([...sizes, rounds]), ...layouts.filter((name) => !LAYOUTS.includes(name))];
      },
      async measure(values, say) {
        const { sizes, layouts, rounds } = effortOf(values);
        say(row(["", "rules", "MB", "cold ms", "CPU ms", "peak MiB", "changed ms", "peak MiB", "growth"]));
        const results: Result[] = [];
        for (const layout of layouts) {
          for (const size of sizes.map(Number)) {
            const result = await measure(layout, size, Number(rounds));
            results.push(result);
            say(render(result, results.at(-2)));
          }
        }
        say("\ngrowth: time a rule, against the row before; 1 is linear");
        return { report: { rounds: Number(rounds), results } };
      },
    },
    process.argv.slice(2),
  );
}
