/** Pages that are made from the program. `npx vitest run --project unit scripts/docs -u` writes them anew. */

import { cliPage } from "./cli-page.ts";
import { codesPage } from "./codes-page.ts";
import { configurationPage } from "./configuration-page.ts";

/** By file below `docs/`. */
export const GENERATED_PAGES: Readonly<Record<string, () => string>> = {
  "cli.md": cliPage,
  "codes.md": codesPage,
  "configuration.md": configurationPage,
};
