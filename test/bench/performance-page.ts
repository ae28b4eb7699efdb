/** Writes what `--crossing` measured where people read it: the block in docs/performance.md, and the chart beside it. */

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { renderChart } from "./chart.ts";
import { type Curve, renderCrossing } from "./crossing.ts";

const CHART = "pictures/crossing-point.svg";
const BLOCK = /<!-- bench -->[\s\S]*?<!-- \/bench -->/;

/** Replaces the block between `<!-- bench -->` marks and the chart; `caption` says how it was measured. */
export async function writePerformancePage(curves: readonly Curve[], caption: string): Promise<void> {
  const page = path.join(packageRoot().directory, "docs", "performance.md");
  const text = await readFile(page, "utf8");
  if (!BLOCK.test(text)) {
    throw new Error("docs/performance.md has no <!-- bench --> block");
  }
  await writeFile(path.join(packageRoot().directory, "docs", CHART), renderChart(curves, caption));
  await writeFile(
    page,
    text.replace(BLOCK, () => renderBlock(curves, caption)),
  );
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
    "<!-- bench -->",
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
    "<!-- /bench -->",
  ].join("\n");
}

function digits(cost: number): string {
  return cost.toFixed(cost < 100 ? 1 : 0);
}
