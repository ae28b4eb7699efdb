/** The program of docs/library.md does what the page says, with rules that have no mistakes. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { codeBlocksOf } from "./code-blocks.ts";
import { readersFolder } from "./readers-folder.ts";
import { ROOT } from "./site-pages.ts";

test("its program runs", async () => {
  const programs = codeBlocksOf("docs/library.md").filter(({ language }) => language === "ts");
  expect(programs.length).toBeGreaterThan(0);
  // Inside of the checkout, or the packages that it needs are not found.
  mkdirSync(path.join(ROOT, "dist"), { recursive: true });
  const folder = mkdtempSync(path.join(ROOT, "dist/library-page-"));
  const rules = readersFolder();
  const before = process.cwd();
  process.chdir(rules);
  try {
    for (const [i, { text }] of programs.entries()) {
      const file = path.join(folder, `${i}.ts`);
      writeFileSync(file, text.replaceAll('from "sluice"', `from "${path.join(ROOT, "compiler/index.ts")}"`));
      // It ends the process when rules have errors, which Vitest takes for a failure.
      await import(file);
    }
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true });
    rmSync(rules, { recursive: true, force: true });
  }
});
