/** The curves of `--crossing` as an SVG in the style of the pictures in `docs/pictures`, on light and on dark ground. */

import { type Curve, type Point, renderCrossing } from "./crossing.ts";

const WIDTH = 760;
const HEIGHT = 420;
const LEFT = 64;
const RIGHT = 200;
const TOP = 48;
const BOTTOM = 56;
/** Told apart in print and by the colour-blind too. Each on white, and on black. */
const COLOURS = [
  ["#0072b2", "#58a6ff"],
  ["#d55e00", "#f0883e"],
  ["#009e73", "#3fb950"],
  ["#aa4499", "#db8fc8"],
  ["#997700", "#e3b341"],
  ["#117799", "#76e3ea"],
];
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
      const colour = `c${i % COLOURS.length}`;
      const at = TOP + 60 + i * 40;
      const crossing = curve.crossing;
      return [
        `<polyline class="${colour}" points="${line(curve, ({ wasm }) => wasm)}"/>`,
        `<polyline class="${colour} native" points="${line(curve, ({ native }) => native)}"/>`,
        ...(crossing === undefined
          ? []
          : [
              `<circle cx="${round(x.at(crossing))}" cy="${round(y.at(costAt(curve, crossing)))}" r="5" class="${colour}"/>`,
            ]),
        `<text x="${WIDTH - RIGHT + 16}" y="${at}" class="name ${colour}">${escapeXml(curve.shape)}</text>`,
        `<text class="small" x="${WIDTH - RIGHT + 16}" y="${at + 15}">${
          crossing === undefined ? "no crossing" : `crossing at about ${Number(crossing.toPrecision(2))}`
        }</text>`,
      ];
    }),
  ];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title desc">`,
    '<title id="title">CPU time per request by the number of rules</title>',
    `<desc id="desc">Both axes are logarithmic. The filter costs the same at every size; Envoy's own routes cost more with every rule. ${curves.map((curve) => escapeXml(renderCrossing(curve))).join("; ")}.</desc>`,
    "<style>",
    `svg { --paper: #fff; --line: #d1d9e0; --ink: #1f2328; --soft: #59636e${colours(0)} }`,
    `@media (prefers-color-scheme: dark) { svg { --paper: #0d1117; --line: #3d444d; --ink: #f0f6fc; --soft: #9198a1${colours(1)} } }`,
    "text { font: 13px system-ui, sans-serif; fill: var(--soft) } .small { font-size: 12px } .name { font-weight: 600 } .ink { fill: var(--ink) }",
    "polyline { fill: none; stroke-width: 2 } .grid { stroke: var(--line) } .paper { fill: var(--paper); stroke: var(--line) }",
    ".native { stroke-dasharray: 6 4 } .key { stroke: var(--soft) }",
    ...COLOURS.slice(0, curves.length).map(
      (_, i) => `.c${i} { fill: var(--c${i}) } polyline.c${i} { fill: none; stroke: var(--c${i}) }`,
    ),
    "</style>",
    `<rect class="paper" x=".5" y=".5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="10"/>`,
    `<text class="name ink" x="${LEFT}" y="28">CPU time per request in µs, by the number of rules</text>`,
    ...key(),
    ...parts.flat(),
    `<text class="small" x="${LEFT}" y="${HEIGHT - 16}">${escapeXml(caption)}</text>`,
    "</svg>",
  ].join("\n")}\n`;
}

/** The variables of the colours, on light (0) or on dark ground (1). */
function colours(ground: 0 | 1): string {
  return COLOURS.map((both, i) => `; --c${i}: ${both[ground]}`).join("");
}

/** Which kind of line is what. */
function key(): string[] {
  const x = WIDTH - RIGHT + 16;
  return [
    `<polyline class="key" points="${x},${TOP + 14} ${x + 28},${TOP + 14}"/><text class="small" x="${x + 36}" y="${TOP + 18}">filter</text>`,
    `<polyline class="key native" points="${x + 84},${TOP + 14} ${x + 112},${TOP + 14}"/><text class="small" x="${x + 120}" y="${TOP + 18}">native</text>`,
  ];
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
