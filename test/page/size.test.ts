/** The promise of a small page: everything that a browser loads, compressed, and its script alone. */

import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";

const FOLDER = path.join(packageRoot().directory, "dist", "page");
const MOST = 60_000;
const MOST_SCRIPT = 40 * 1024;

async function compressed(name: string): Promise<number> {
  return gzipSync(await readFile(path.join(FOLDER, name)), { level: 9 }).length;
}

test("the page is small, and has no map of its sources beside it", async () => {
  const names = (await readdir(FOLDER)).sort();
  expect(names).toEqual(["icon.svg", "index.html", "page.css", "page.js"]);
  const sizes = await Promise.all(names.map(compressed));
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(MOST);
  expect(sizes[names.indexOf("page.js")]).toBeLessThan(MOST_SCRIPT);
});

test("nothing stands inline, and nothing comes from elsewhere", async () => {
  const [html, script, style] = await Promise.all(
    ["index.html", "page.js", "page.css"].map((name) => readFile(path.join(FOLDER, name), "utf8")),
  );
  expect(html!.match(/<script[^>]*>/g)).toEqual(['<script type="module" src="page.js">']);
  expect(html).not.toMatch(/<style| style=| on[a-z]+=|https?:/);
  expect(style).not.toMatch(/url\(|@import/);
  expect(script).not.toMatch(/\beval\(|new Function\(/);
});
