/** What docs/deploying.md says of Kubernetes: its commands do what they say. */

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { sluice } from "../harness/sluice.ts";
import { edgeRules } from "./folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-readme-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("every export of the page is made", async () => {
  const page = await readFile(path.join(packageRoot().directory, "docs", "deploying.md"), "utf8");
  const [, block] = /## In Kubernetes\n+```sh\n(.*?)```/s.exec(page)!;
  const calls = [...block!.matchAll(/^npm run sluice -- ([^#\n]*)/gm)].map(([, words]) =>
    words!.trim().split(/\s+/),
  );
  await mkdir(path.join(folder, "my-rules"));
  const route = "  - route: [{ destination: { host: api.example } }]\n";
  await writeFile(path.join(folder, "my-rules", "rules.yaml"), edgeRules(80, route));
  for (const args of calls) {
    const { code, err } = await sluice(args, folder);
    expect(code, `${args.join(" ")}\n${err}`).toBe(0);
  }
  expect(calls.map((args) => args[args.indexOf("--to") + 1])).toEqual([
    "kubernetes",
    "oci",
    "istio",
    "envoy-gateway",
  ]);
  expect(await readdir(folder)).toEqual(expect.arrayContaining(["deploy", "image", "policies"]));
});
