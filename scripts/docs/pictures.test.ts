/** Pictures of the documentation: small, for everybody, on every ground, and true. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./site-pages.ts";

const FOLDER = path.join(ROOT, "docs/pictures");
const PICTURES = readdirSync(FOLDER);
const DRAWINGS = PICTURES.filter((name) => name.endsWith(".svg"));
/** Of the page, as a browser shows it: `SLUICE_PICTURES=1 npx vitest run --project browser test/browser/demo` makes them. */
const SCREENS = PICTURES.filter((name) => name.endsWith(".png"));
const PAGES = ["README.md", ...readdirSync(path.join(ROOT, "docs")).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith(".md"),
);
/** Bytes; a page with all of them still loads at once. */
const LARGEST = 8192;
const LARGEST_SCREEN = 256 * 1024;

function read(name: string): string {
  return readFileSync(path.join(FOLDER, name), "utf8");
}

function page(name: string): string {
  return readFileSync(path.join(ROOT, name), "utf8");
}

test("pictures are drawings and screens", () => {
  expect([...DRAWINGS, ...SCREENS].sort()).toEqual([...PICTURES].sort());
});

test.each(SCREENS)("%s is of a size that a page can have", (name) => {
  expect(readFileSync(path.join(FOLDER, name)).length).toBeLessThan(LARGEST_SCREEN);
});

test.each(DRAWINGS)("%s is small, and needs nothing from elsewhere", (name) => {
  const svg = read(name);
  expect(svg.length).toBeLessThan(LARGEST);
  expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(
    /(?:href|src)=|url\((?!#)|@import|@font-face/,
  );
});

test.each(DRAWINGS)("%s has a title and a description", (name) => {
  const svg = read(name);
  expect(svg).toMatch(/role="img" aria-labelledby="title desc"/);
  expect(svg).toMatch(/<title id="title">[^<]{10,}</);
  expect(svg).toMatch(/<desc id="desc">[^<]{60,}</);
});

test.each(DRAWINGS)("%s has a ground of its own, and is legible on it in light and in dark", (name) => {
  const svg = read(name);
  const isAlwaysDark = svg.includes('fill="#0d1117"');
  expect(isAlwaysDark || (svg.includes('class="paper"') && svg.includes("prefers-color-scheme: dark"))).toBe(
    true,
  );
});

test.each(PICTURES)("%s is shown, and described, in a document", (name) => {
  const shown = PAGES.filter((one) =>
    new RegExp(`!\\[[^\\]]{10,}\\]\\((?:docs/)?pictures/${name}\\)`).test(page(one)),
  );
  expect(shown).not.toEqual([]);
});

test("the rooms of the compiler are its folders", () => {
  const folders = readdirSync(path.join(ROOT, "compiler"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const rooms = [...read("compiler.svg").matchAll(/class="name[^>]*>([^<]+)</g)].map(([, name]) => name!);
  expect(rooms.sort()).toEqual(folders.sort());
});

test("the chart and the table beside it are of one measurement", () => {
  const lines = [
    ...page("docs/performance.md").matchAll(/^- (.*: (?:the filter|native) is cheaper .*)$/gm),
  ].map(([, line]) => line!);
  expect(lines.length).toBeGreaterThan(0);
  const chart = read("crossing-point.svg");
  expect(lines.filter((line) => !chart.includes(line))).toEqual([]);
});
