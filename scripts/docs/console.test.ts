/**
 * What documents show of a terminal is what the program prints: each `console` block is run in `envoy/examples/first`, and
 * its lines must be there, one after another. A line `…` stands for any lines.
 */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { FIRST_EXAMPLE, runSluice, wordsOf } from "./shown-command.ts";
import { ROOT } from "./site-pages.ts";

const PAGES = ["README.md", ...readdirSync(path.join(ROOT, "docs")).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith(".md"),
);

interface Call {
  readonly page: string;
  readonly command: string;
  readonly shown: readonly string[];
}

const CALLS = PAGES.flatMap((page) => {
  const text = readFileSync(path.join(ROOT, page), "utf8");
  return [...text.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(([, block]) =>
    block!
      .split(/^\$ /m)
      .filter((part) => part !== "")
      .map((part): Call => {
        const [command, ...shown] = part.trimEnd().split("\n");
        return { page, command: command!, shown };
      }),
  );
});

/** The runs of lines between `…`, each in one piece. */
function piecesOf(shown: readonly string[]): string[] {
  return shown
    .join("\n")
    .split(/^…$/m)
    .map((piece) => piece.replace(/^\n|\n$/g, ""))
    .filter((piece) => piece !== "");
}

test("the README shows a terminal", () => {
  expect(CALLS.filter(({ page }) => page === "README.md").length).toBeGreaterThan(2);
});

test.each(CALLS)("$page: $command", async ({ command, shown }) => {
  const [program, ...args] = wordsOf(command);
  expect(program).toBe("sluice");
  let { text: rest } = await runSluice(args, FIRST_EXAMPLE);
  for (const piece of piecesOf(shown)) {
    expect(rest).toContain(piece);
    rest = rest.slice(rest.indexOf(piece) + piece.length);
  }
});
