/** The curves of `--crossing` as an SVG that can be read on light and on dark ground. */

import type { Curve, Point } from "./crossing.ts";

const WIDTH = 760;
const HEIGHT = 420;
const LEFT = 64;
const RIGHT = 190;
const TOP = 40;
const BOTTOM = 56;
/** Told apart in print and by the colour-blind too, on white and on black. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const TICKS = [1, 2, 5];

/** Both axes are logarithmic: rules to the right, CPU microseconds a request upwards. */
export function renderChart(curves: readonly Curve[], caption: string): string {
  const points = curves.flatMap((curve) => curve.points);
  const costs = points.flatMap(({ wasm, native }) => [wasm, native]);
  const x = scale(
    points.map(({ size }) => size),
    LEFT,
    WIDTH - RIGHT,
  );
  const y = scale([...costs, 10], HEIGHT - BOTTOM, TOP);
  const line = (curve: Curve, cost: (point: Point) => number) =>
    curve.points.map((point) => `${round(x.at(point.size))},${round(y.at(cost(point)))}`).join(" ");
  const parts = [
    ...x.ticks.map((tick) => [
      `<line class="grid" x1="${round(x.at(tick))}" y1="${TOP}" x2="${round(x.at(tick))}" y2="${HEIGHT - BOTTOM}"/>`,
      `<text x="${round(x.at(tick))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${tick.toLocaleString("en")}</text>`,
    ]),
    ...y.ticks.map((tick) => [
      `<line class="grid" x1="${LEFT}" y1="${round(y.at(tick))}" x2="${WIDTH - RIGHT}" y2="${round(y.at(tick))}"/>`,
      `<text x="${LEFT - 8}" y="${round(y.at(tick) + 4)}" text-anchor="end">${tick}</text>`,
    ]),
    ...curves.map((curve, i) => {
      const colour = COLOURS[i % COLOURS.length]!;
      const at = TOP + 52 + i * 40;
      const crossing = curve.crossing;
      return [
        `<polyline stroke="${colour}" points="${line(curve, ({ wasm }) => wasm)}"/>`,
        `<polyline stroke="${colour}" stroke-dasharray="6 4" points="${line(curve, ({ native }) => native)}"/>`,
        ...(crossing === undefined
          ? []
          : [
              `<circle cx="${round(x.at(crossing))}" cy="${round(y.at(costAt(curve, crossing)))}" r="5" fill="${colour}"/>`,
            ]),
        `<text x="${WIDTH - RIGHT + 16}" y="${at}" style="fill:${colour}">${escapeXml(curve.shape)}</text>`,
        `<text class="small" x="${WIDTH - RIGHT + 16}" y="${at + 15}">${
          crossing === undefined ? "no crossing" : `crossing at about ${Number(crossing.toPrecision(2))}`
        }</text>`,
      ];
    }),
  ];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="CPU time a request by the number of rules">`,
    "<style>",
    "text { font: 13px sans-serif; fill: #57606a } .small { font-size: 11px } .title { font-weight: bold }",
    "polyline { fill: none; stroke-width: 2 } .grid { stroke: #8c959f; stroke-opacity: .3 }",
    "@media (prefers-color-scheme: dark) { text { fill: #adbac7 } }",
    "</style>",
    `<text class="title" x="${LEFT}" y="20">CPU µs a request, by the number of rules</text>`,
    `<text class="small" x="${WIDTH - RIGHT + 16}" y="${TOP + 8}">— filter   - - native</text>`,
    ...parts.flat(),
    `<text class="small" x="${LEFT}" y="${HEIGHT - 12}">${escapeXml(caption)}</text>`,
    "</svg>",
  ].join("\n")}\n`;
}

interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

function scale(values: readonly number[], from: number, to: number): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = Math.log(high / low) || 1;
  const ticks: number[] = [];
  for (let decade = 1; decade <= high; decade *= 10) {
    const steps = high / low > 100 && from < to ? [1] : TICKS;
    ticks.push(...steps.map((step) => step * decade).filter((tick) => tick >= low && tick <= high));
  }
  return { ticks, at: (value) => from + ((to - from) * Math.log(value / low)) / span };
}

/** Where the line of the filter stands at a size, as it is drawn. */
function costAt({ points }: Curve, size: number): number {
  const i = Math.max(
    1,
    points.findIndex((point) => point.size >= size),
  );
  const [low, high] = [points[i - 1]!, points[i] ?? points[i - 1]!];
  const share = low.size === high.size ? 0 : Math.log(size / low.size) / Math.log(high.size / low.size);
  return low.wasm * (high.wasm / low.wasm) ** share;
}

function round(value: number): string {
  return value.toFixed(1);
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
