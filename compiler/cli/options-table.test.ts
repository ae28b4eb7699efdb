/** The page of all options, `OPTIONS.md`: written anew by `npx vitest run --project unit options-table -u`. */

import { expect, test } from "vitest";
import { optionsTable } from "./options-table.ts";

test("OPTIONS.md holds every option", async () => {
  const page = [
    "# Options of a proxy",
    "What `sluice build`, `run`, `check`, `explain`, `test`, `diff` and `export` take as flags, and from the file that `--config` names. Flags win over the file. Made from the table of options.",
    optionsTable(),
  ].join("\n\n");
  expect(page).toContain(
    "| `meshPort` | `--mesh-port <n>` | `15001` | Port of the outbound listener, 0 for none. |",
  );
  expect(page).toContain("| `target` | `--target wasm\\|native` | `wasm` |");
  await expect(page).toMatchFileSnapshot("OPTIONS.md");
});
