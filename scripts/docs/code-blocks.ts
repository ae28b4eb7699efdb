/** What documents show as code: blocks between fences, and commands within a sentence. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ROOT, SITE_PAGES } from "./site-pages.ts";

/** Documents with commands for readers of today; a changelog has those of its day. */
export const PAGES_WITH_CODE: readonly string[] = [
  "README.md",
  ...Object.keys(SITE_PAGES).filter((page) => page !== "CHANGELOG.md"),
  ...readdirSync(path.join(ROOT, "envoy/examples"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `envoy/examples/${name.replaceAll(path.sep, "/")}`),
];

export interface CodeBlock {
  /** `docs/cli.md:12`, where the block begins. */
  readonly place: string;
  /** What is written behind the fence; empty when nothing is. */
  readonly language: string;
  readonly text: string;
}

/** All blocks of a document, in their order. */
export function codeBlocksOf(page: string): CodeBlock[] {
  const text = read(page);
  return [...text.matchAll(/^ *```(\S*)\n(.*?)^ *```$/gms)].map(({ index, 1: language, 2: block }) => ({
    place: placeOf(page, text, index),
    language: language!,
    text: block!,
  }));
}

/** What stands between backquotes outside of blocks. */
export function inlineCodeOf(page: string): { place: string; text: string }[] {
  const text = read(page).replaceAll(/^ *```.*?^ *```$/gms, (block) => block.replaceAll(/[^\n]/g, " "));
  return [...text.matchAll(/`([^`]+)`/g)].map(({ index, 1: code }) => ({
    place: placeOf(page, text, index),
    text: code!.replaceAll("\n", " "),
  }));
}

function read(page: string): string {
  return readFileSync(path.join(ROOT, page), "utf8");
}

function placeOf(page: string, text: string, offset: number): string {
  return `${page}:${text.slice(0, offset).split("\n").length}`;
}
