/**
 * Which documents the site shows, and where. The documents are written for GitHub, where each stands at its place in the
 * repository; on the site they lie flat, and the map of the documentation is the first page.
 */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "../..");
const MAP = "docs/README.md";
const AT_THE_ROOT = ["CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"];

/** Where the site shows a document of the repository, both as paths: `docs/cli.md` is at `cli.md`. */
export const SITE_PAGES: Readonly<Record<string, string>> = Object.fromEntries([
  [MAP, "index.md"],
  ...readdirSync(path.join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md") && name !== path.basename(MAP))
    .map((name) => [`docs/${name}`, name]),
  ...AT_THE_ROOT.map((name) => [name, name.toLowerCase()]),
]);

export interface Entry {
  readonly text: string;
  /** The address on the site, without its ending. */
  readonly link: string;
}

/** The entries at the side, in the order in which the map names them. */
export function siteEntries(): Entry[] {
  const map = readFileSync(path.join(ROOT, MAP), "utf8");
  const named = [...map.matchAll(/\[([^\]]+)\]\(([^)\s]+\.md)\)/g)].flatMap(([, text, target]) => {
    const page = SITE_PAGES[path.posix.join(path.posix.dirname(MAP), target!)];
    return page === undefined ? [] : [{ text: text!, link: addressOf(page) }];
  });
  return [{ text: "Overview", link: addressOf("index.md") }, ...named];
}

/** The path from the root that a relative link leads to, and its anchor with the `#`, if it has one. */
export function targetOf(page: string, href: string): { file: string; anchor: string } {
  const hash = href.indexOf("#");
  const [name, anchor] = hash < 0 ? [href, ""] : [href.slice(0, hash), href.slice(hash)];
  return { file: path.posix.join(path.posix.dirname(page), name), anchor };
}

function addressOf(page: string): string {
  return `/${page === "index.md" ? "" : page.slice(0, -".md".length)}`;
}
