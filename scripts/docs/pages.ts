/**
 * Pages and pictures that are made from the program. `npx vitest run --project unit scripts/docs -u` writes them anew.
 */

import { cliPage } from "./cli-page.ts";
import { codesPage } from "./codes-page.ts";
import { configurationPage } from "./configuration-page.ts";
import { istioPagesPage } from "./istio-pages-page.ts";
import { rulesPage } from "./rules-page.ts";
import { COLUMNS, FIRST_EXAMPLE, runSluice, wordsOf } from "./shown-command.ts";
import { terminalPicture } from "./terminal-picture.ts";

/** By file below `docs/`. */
export const GENERATED_PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  "cli.md": cliPage,
  "codes.md": codesPage,
  "configuration.md": configurationPage,
  "istio-pages.md": istioPagesPage,
  "rules.md": rulesPage,
  "pictures/explain.svg": () =>
    shown(
      "sluice explain shows how a request is routed",
      "sluice explain rules --request 'GET http://shop.example/'",
    ),
  "pictures/diff.svg": () =>
    shown("sluice diff shows which requests a change of rules affects", "sluice diff rules change.yaml"),
};

/** A command of the first page, run with its rules. */
async function shown(title: string, command: string): Promise<string> {
  const { code, text } = await runSluice(wordsOf(command).slice(1), FIRST_EXAMPLE, { colors: true });
  if (code !== 0) {
    throw new Error(`${command} ended with ${code}; is dist/filter.wasm older than its source?\n${text}`);
  }
  return terminalPicture({ title, command, output: text }, COLUMNS);
}
