/** What documents show of `sluice run` is what it prints, with a real Envoy and a change of its rules. */

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { missingPiece, runsEnvoy, SHOWN_CALLS } from "../../scripts/docs/console-blocks.ts";
import { FIRST_EXAMPLE, wordsOf } from "../../scripts/docs/shown-command.ts";
import { freePort } from "../harness/ports.ts";
import { launch } from "../harness/sluice.ts";

const TIMEOUT_MS = 40_000;
const SHOWN_PORT = "15001";

test.each(SHOWN_CALLS.filter(runsEnvoy))("$place: $command", async ({ command, pieces }) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-shown-run-"));
  await cp(FIRST_EXAMPLE, folder, { recursive: true });
  const port = String(await freePort());
  const run = launch([...wordsOf(command).slice(1), "--mesh-port", port], folder);
  let printed = "";
  const appears = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no "${text}" in:\n${printed}`)), TIMEOUT_MS);
      const look = () => {
        if (printed.includes(text)) {
          clearTimeout(timer);
          resolve();
        }
      };
      run.stderr!.on("data", look);
      look();
    });
  run.stderr!.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  try {
    await appears("serving");
    const rules = path.join(folder, "rules/shop.yaml");
    await writeFile(rules, (await readFile(rules, "utf8")).replace("weight: 90", "weight: 60"));
    await appears("reloaded");
  } finally {
    const closed = new Promise((resolve) => run.on("close", resolve));
    run.kill("SIGINT");
    await closed;
    await rm(folder, { recursive: true, force: true });
  }
  const asShown = printed.replaceAll(port, SHOWN_PORT);
  expect(missingPiece(pieces.map(withoutTimes), withoutTimes(asShown)), asShown).toBeUndefined();
});

function withoutTimes(text: string): string {
  return text.replaceAll(/\d+ ms/g, "… ms");
}
