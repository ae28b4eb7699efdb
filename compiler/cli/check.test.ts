/** What `sluice check` ends with, and what `--quiet` leaves out. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommandLine } from "./commands.ts";
import { Terminal } from "./terminal.ts";

const entry = (host: string) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: books }
spec:
  hosts: [${host}]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.7 }]
`;
/** A prefix that ends within a word is a note. */
const rule = (host: string) => `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: books }
spec:
  hosts: [${host}]
  http:
    - match: [{ uri: { prefix: /read } }]
      route: [{ destination: { host: ${host} } }]
`;

const home = process.cwd();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-check-"));
  process.chdir(folder);
  writeFileSync("clean.yaml", entry("books.example"));
  writeFileSync("noted.yaml", entry("books.example") + rule("books.example"));
  writeFileSync(
    "wrong.yaml",
    entry("books.example") + rule("books.example").replace("prefix: /read", "prefix: 7"),
  );
  writeFileSync("quiet.yaml", "quiet: true\npaths: noted.yaml\n");
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

async function check(...args: readonly string[]): Promise<{ code: number; out: string; last: string }> {
  let out = "";
  const stream = {
    write: (text: string) => {
      out += text;
    },
  };
  const code = await runCommandLine(["check", "--target", "native", ...args], new Terminal(stream, stream));
  return { code, out, last: out.trimEnd().split("\n").at(-1)! };
}

test("says how many problems of each kind there are, in its last line", async () => {
  expect(await check("clean.yaml")).toMatchObject({ code: 0, out: "no problems found\n" });
  expect(await check("noted.yaml")).toMatchObject({ code: 0, last: "1 note" });
  expect(await check("wrong.yaml")).toMatchObject({ code: 1, last: "1 error" });
});

test.each([[["noted.yaml", "--quiet"]], [["clean.yaml", "--quiet"]], [["--config", "quiet.yaml"]]])(
  "%j: only notes are nothing to speak of",
  async (args) => {
    expect(await check(...args)).toMatchObject({ code: 0, out: "" });
  },
);

test("other formats have no line for people", async () => {
  expect((await check("clean.yaml", "--format", "github")).out).toBe("");
  const { out } = await check("noted.yaml", "--quiet", "--format", "json");
  expect(JSON.parse(out)).toMatchObject({ diagnostics: [], summary: { infos: 0 } });
});
