/** Links between documents lead somewhere, to headings as well. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { anchorOf } from "./anchor.ts";

const ROOT = packageRoot().directory;
const PAGES = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"],
  ...readdirSync(path.join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
  ...readdirSync(path.join(ROOT, "envoy/examples"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `envoy/examples/${name}`),
];

function linksOf(page: string): string[] {
  const text = readFileSync(path.join(ROOT, page), "utf8").replaceAll(/^```.*?^```$/gms, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

function anchorsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));
}

test.each(PAGES)("links of %s", (page) => {
  const dead = linksOf(page).filter((target) => {
    if (/^https?:/.test(target)) {
      return false;
    }
    const [name, anchor] = target.split("#");
    const file = name === "" ? path.join(ROOT, page) : path.join(ROOT, path.dirname(page), name!);
    if (!existsSync(file)) {
      return true;
    }
    return anchor !== undefined && statSync(file).isFile() && !anchorsOf(file).includes(anchor);
  });
  expect(dead).toEqual([]);
});

test("every page of docs/ is on the map", () => {
  const map = linksOf("docs/README.md");
  const pages = PAGES.filter((page) => /^docs\/(?!README)/.test(page)).map((page) =>
    page.slice("docs/".length),
  );
  expect(pages.filter((page) => !map.includes(page))).toEqual([]);
});
