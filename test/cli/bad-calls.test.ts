/**
 * Calls that are wrong, of every command, as a shell sees them: words, and never a stack or a program that waits (`sluice` ends it). More of them are asked
 * within one process, in `compiler/cli/wrong-calls.test.ts`.
 */

import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Outcome, sluice } from "../harness/sluice.ts";
import { GOOD } from "./bad-rules.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-calls-"));
  const write = (name: string, content: string | Buffer) => writeFile(path.join(folder, name), content);
  await write("good.yaml", GOOD);
  // A line longer than what is read.
  await write("line.yaml", Buffer.alloc(100_000_000, "x"));
  await write(
    "devices.yaml",
    GOOD.replace(
      "hosts: [site.example]\n  http",
      "hosts: [site.example]\n  gateways: [edge]\n  http",
    ).concat(`---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers:
  - port: { number: 443, name: https, protocol: HTTPS }
    hosts: ["*"]
    tls: { mode: SIMPLE, serverCertificate: /dev/zero, privateKey: /dev/stdin }
`),
  );
  await mkdir(path.join(folder, "with-pipe"));
  await writeFile(path.join(folder, "with-pipe", "good.yaml"), GOOD);
  execFileSync("mkfifo", [path.join(folder, "with-pipe", "pipe.yaml")]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function expectRefusal({ code, out, err }: Outcome, wanted: number, words: string): void {
  const said = out + err;
  expect({ code, said }).toEqual({ code: wanted, said: expect.stringContaining(words) });
  expect(said).not.toMatch(/\n\s+at .*:\d+:\d+|bug in Sluice|undefined|\[object/);
}

const EXPLAIN = ["explain", "good.yaml", "--request"];

describe.concurrent.each<readonly [name: string, args: readonly string[], code: number, words: string]>([
  ["an unknown command", ["chek", "good.yaml"], 2, "Did you mean check?"],
  ["a line of 100 MB", ["check", "line.yaml"], 1, "larger than"],
  ["a device without end", ["check", "/dev/zero"], 1, "larger than"],
  [
    "a pipe that nobody writes, in a directory",
    ["check", "with-pipe"],
    1,
    "pipe.yaml: it is not a regular file",
  ],
  ["a configuration without end", ["check", "--config", "/dev/zero"], 2, "larger than"],
  ["a build into a file", ["build", "good.yaml", "--out", "good.yaml"], 3, "not a directory"],
  ["a header that is none", [...EXPLAIN, "http://a/", "-H", "x"], 2, "name: value"],
  ["cases that are rules", ["test", "good.yaml", "--cases", "good.yaml"], 1, "SL0104"],
  ["a side that is missing", ["diff", "good.yaml", "gone.yaml"], 1, "it does not exist"],
  ["schemas into a file", ["schema", "--out", "good.yaml"], 3, "not a directory"],
  ["a blob that is none", ["inspect", "good.yaml"], 1, "not a routing blob"],
  ["rules that are missing", ["run", "gone.yaml"], 1, "it does not exist"],
])("%s", (_name, args, code, words) => {
  test("is refused in words, and nothing is written", async ({ expect }) => {
    expectRefusal(await sluice(args, folder), code, words);
    expect((await readdir(folder)).filter((name) => name === "o" || name === "out")).toEqual([]);
  });
});

test.concurrent("devices that rules name as certificates are not opened", async ({ expect }) => {
  const { code } = await sluice(["check", "devices.yaml"], folder);
  expect(code).toBe(0);
});

test.concurrent.each([
  ["check", ["check", "-"], 1],
  ["build", ["build", "-", "--out", "o"], 1],
  ["explain", ["explain", "-", "--request", "http://a/"], 1],
  ["test", ["test", "good.yaml", "--cases", "-"], 1],
  ["diff", ["diff", "good.yaml", "-"], 1],
  ["inspect", ["inspect", "-"], 2],
] as const)("%s does not wait for the end of a pipe that has none", async (_name, args, code) => {
  const endless = createReadStream("/dev/zero");
  const outcome = await sluice(args, folder, endless);
  endless.destroy();
  expectRefusal(outcome, code, "larger than");
});
