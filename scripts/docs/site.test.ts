/** The site that `npm run docs` builds: it is complete, its links lead somewhere, and it needs no other host. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, SITE_PAGES } from "./site-pages.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "sluice-docs-"));
/** By path below the site. */
const files = new Map<string, string>();

beforeAll(() => {
  const script = path.join(ROOT, "scripts/docs.mjs");
  const { status, stderr } = spawnSync(process.execPath, [script, "--out", folder], {
    encoding: "utf8",
    env: { ...process.env, NODE_ENV: "production" },
  });
  expect(status, stderr).toBe(0);
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (/\.(html|css|js)$/.test(name)) {
      files.set(name, readFileSync(path.join(folder, name), "utf8"));
    }
  }
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ADDRESSES = Object.values(SITE_PAGES).map((page) => page.replace(/\.md$/, ".html"));

function ofType(ending: string): [name: string, text: string][] {
  return [...files].filter(([name]) => name.endsWith(ending));
}

/** The values of an attribute of some tags. */
function attributes(html: string, tags: string, name: string): string[] {
  return [...html.matchAll(new RegExp(`<(?:${tags})\\s[^>]*?\\b${name}="([^"]*)"`, "g"))].map(
    ([, value]) => value!,
  );
}

test("has every document, with its title", () => {
  for (const address of ADDRESSES) {
    expect(files.get(address), address).toMatch(/<h1[^>]*>/);
  }
});

test("has an index of all its pages for the search", () => {
  const [index] = ofType(".js").filter(([name]) => name.includes("localSearchIndex"));
  const missing = ADDRESSES.filter(
    (address) => !index![1].includes(`/${address.replace(/^index\.html$/, "")}`),
  );
  expect(missing).toEqual([]);
});

test("links between pages lead to a page, and to a heading that it has", () => {
  const dead = ADDRESSES.flatMap((from) =>
    attributes(files.get(from)!, "a", "href")
      .filter((href) => !/^\w+:/.test(href))
      .filter((href) => {
        const { pathname, hash } = new URL(href, `http://site/${from}`);
        const page = files.get(pathname === "/" ? "index.html" : pathname.slice(1));
        return (
          page === undefined || (hash !== "" && !page.includes(`id="${decodeURIComponent(hash.slice(1))}"`))
        );
      })
      .map((href) => `${from}: ${href}`),
  );
  expect(dead).toEqual([]);
});

test("shows the path of source code, which the site does not have", () => {
  expect(files.get("blob.html")).toMatch(/<code[^>]*>filter\/layout\.ts<\/code>/);
  expect(files.get("contributing.html")).toMatch(/other generated questions \(<code[^>]*>test\/differential/);
});

test("loads nothing from another host", () => {
  const outside = /^(?:https?:)?\/\//;
  const asked = [
    ...ofType(".html").flatMap(([, text]) => [
      ...attributes(text, "script|img|source|iframe|video|audio|embed", "src"),
      ...attributes(text, "link", "href"),
    ]),
    ...ofType(".css").flatMap(([, text]) =>
      [...text.matchAll(/(?:url\(|@import\s+)["']?([^"')]+)/g)].map(([, target]) => target!),
    ),
    ...ofType(".js").flatMap(([, text]) =>
      [...text.matchAll(/(?:fetch\(|import\(|import|from)\s*["'`]([^"'`]+)/g)].map(([, target]) => target!),
    ),
  ];
  expect(asked.length).toBeGreaterThan(ADDRESSES.length);
  expect(asked.filter((target) => outside.test(target))).toEqual([]);
});
