/**
 * What documents show of a terminal is what the program prints: each `console` block is run in `envoy/examples/first`, and
 * its lines must be there, one after another. A line `…` stands for any lines.
 */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { runCommandLine } from "../../compiler/cli/commands.ts";
import { Terminal } from "../../compiler/cli/terminal.ts";
import { packageRoot } from "../../compiler/platform/package-root.ts";

const ROOT = packageRoot().directory;
const EXAMPLE = path.join(ROOT, "envoy/examples/first");
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

/** The text of a terminal that has no colours, without the blanks at the ends of lines. */
async function printed(command: string): Promise<string> {
  const [program, ...args] = wordsOf(command);
  expect(program).toBe("sluice");
  const parts: string[] = [];
  const stream = { write: (text: string) => void parts.push(text) };
  const before = process.cwd();
  process.chdir(EXAMPLE);
  try {
    await runCommandLine(args, new Terminal(stream, stream));
  } finally {
    process.chdir(before);
  }
  return parts.join("");
}

function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

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
  let rest = await printed(command);
  for (const piece of piecesOf(shown)) {
    expect(rest).toContain(piece);
    rest = rest.slice(rest.indexOf(piece) + piece.length);
  }
});
