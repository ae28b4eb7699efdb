import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readAssets } from "./assets.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-assets-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("what a browser can show is served, and nothing else that is there", () => {
  for (const name of ["index.html", "page.js", "page.css", "icon.svg", "page.js.map", "notes.txt"]) {
    writeFileSync(path.join(folder, name), name);
  }
  const assets = readAssets(folder);
  expect([...assets.keys()].sort()).toEqual(["/", "/icon.svg", "/page.css", "/page.js"]);
  expect(assets.get("/page.css")).toEqual({
    type: "text/css; charset=utf-8",
    content: Buffer.from("page.css"),
  });
});

test("an installation without them is told what to do", () => {
  const missing = {
    name: "EnvironmentError",
    message: expect.stringMatching(/page's files are missing.*npm run build/),
  };
  expect(() => readAssets(path.join(folder, "none"))).toThrow(expect.objectContaining(missing));
  writeFileSync(path.join(folder, "index.html"), "");
  expect(() => readAssets(folder)).toThrow(/page\.js/);
});
