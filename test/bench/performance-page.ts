/** Writes what was measured where people read it: into a block of docs/performance.md, and for `--crossing` a chart beside it. */

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { renderChart } from "./chart.ts";
import { type Curve, renderCrossing } from "./crossing.ts";

const CHART = "pictures/crossing-point.svg";

/** Replaces the block of `--crossing` and the chart; `caption` says how it was measured. */
export async function writePerformancePage(curves: readonly Curve[], caption: string): Promise<void> {
  await writeBlock("bench", renderBlock(curves, caption), async () => {
    const chart = path.join(packageRoot().directory, "docs", CHART);
    await writeFile(chart, renderChart(curves, caption));
  });
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`; `before` is called when there is such a block. */
export async function writeBlock(
  name: string,
  text: string,
  before: () => Promise<void> = async () => {},
): Promise<void> {
  const page = path.join(packageRoot().directory, "docs", "performance.md");
  const old = await readFile(page, "utf8");
  const [begin, end] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
  const [from, to] = [old.indexOf(begin) + begin.length, old.indexOf(end)];
  if (from < begin.length || to < 0) {
    throw new Error(`docs/performance.md has no ${begin.trim()} block`);
  }
  await before();
  await writeFile(page, `${old.slice(0, from)}${text}${old.slice(to)}`);
}

function renderBlock(curves: readonly Curve[], caption: string): string {
  const sizes = [...new Set(curves.flatMap(({ points }) => points.map(({ size }) => size)))]
    .filter((size) => /^10*$/.test(String(size)))
    .sort((a, b) => a - b);
  const rows = curves.map(({ shape, points }) => {
    const cells = sizes.map((size) => {
      const point = points.find((one) => one.size === size);
      return point ? `${digits(point.wasm)}, ${digits(point.native)}` : "";
    });
    return `| ${[shape, ...cells].join(" | ")} |`;
  });
  return [
    "CPU time of the Envoy process per request, in µs: the filter, and Envoy's own routes made of the same rules",
    "(`--target native`), which are tried one after another. The request is the one for the last rule.",
    "",
    `| rules | ${sizes.map((size, i) => `${size.toLocaleString("en")}${i === 0 ? ": filter, native" : ""}`).join(" | ")} |`,
    `|---|${sizes.map(() => "--:|").join("")}`,
    ...rows,
    "",
    `![CPU time per request by the number of rules](${CHART})`,
    "",
    "With few rules native is cheaper:",
    "",
    ...curves.map((curve) => `- ${renderCrossing(curve)}`),
    "",
    `(${caption}. \`npm run bench -- --crossing --write\` measures it again and writes this; \`--help\` lists shapes and sizes.)`,
  ].join("\n");
}

function digits(cost: number): string {
  return cost.toFixed(cost < 100 ? 1 : 0);
}
