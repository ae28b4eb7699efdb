import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { runCommandLine } from "./commands.ts";
import { EXIT } from "./exit.ts";
import { Terminal } from "./terminal.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-grafana-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function exported(...args: string[]) {
  let said = "";
  const stream = {
    write(text: string) {
      said += text;
    },
  };
  const code = await runCommandLine(["export", "--to", "grafana", ...args], new Terminal(stream, stream));
  return { code, said };
}

test("a dashboard and alert rules are written, without rules", async () => {
  const output = path.join(folder, "out");
  expect(await exported("--output", output)).toEqual({
    code: EXIT.ok,
    said: `exported ${output}\n  dashboard.json\n  alerts.yaml\n`,
  });
  expect(JSON.parse(readFileSync(path.join(output, "dashboard.json"), "utf8"))).toMatchObject({
    uid: "sluice-rules",
  });
  expect(parse(readFileSync(path.join(output, "alerts.yaml"), "utf8")).groups).toHaveLength(1);
});

test("rules are not taken, since they change nothing of it", async () => {
  const { code, said } = await exported("rules/", "--output", folder);
  expect(code).toBe(EXIT.usage);
  expect(said).toContain("--to grafana does not use rules");
});
