import path from "node:path";
import { expect, test } from "vitest";
import { DIAGNOSTIC_CODES } from "../../compiler/diagnostics/codes.ts";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { codesPage } from "./codes-page.ts";
import { GENERATED_PAGES } from "./pages.ts";

const DOCS = path.join(packageRoot().directory, "docs");

test.each(Object.entries(GENERATED_PAGES))("docs/%s is what the program says", async (file, page) => {
  await expect(await page()).toMatchFileSnapshot(path.join(DOCS, file));
});

test("every code has its row", () => {
  const text = codesPage();
  expect(Object.keys(DIAGNOSTIC_CODES).filter((code) => !text.includes(`| ${code} |`))).toEqual([]);
});
