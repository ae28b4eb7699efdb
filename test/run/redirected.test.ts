/**
 * Connections that the kernel redirects, as it does for a sidecar. Needs a network of its own, in which iptables work: root, or
 * what lets a user make one. Skipped where there is none.
 */

import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";

const canRedirect =
  spawnSync("unshare", [
    "--net",
    "sh",
    "-c",
    "ip link set lo up && iptables -t nat -A OUTPUT -p tcp -j REDIRECT",
  ]).status === 0;

const entry = (name: string, more: object) =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name },
    spec: { hosts: [`${name}.example`], ports: [{ number: 9000, name: "tcp", protocol: "TCP" }], ...more },
  });
const at = (port: number) => ({
  resolution: "STATIC",
  endpoints: [{ address: "127.78.1.1", ports: { tcp: port } }],
});

test.skipIf(!canRedirect)("TCP hosts on one port are resolved, redirected, and told apart", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-redirected-"));
  try {
    const rules = path.join(folder, "rules.yaml");
    const documents = [
      entry("one", at(9101)),
      entry("two", at(9102)),
      entry("any", { resolution: "NONE", addresses: ["127.78.2.0/24"] }),
    ];
    await writeFile(rules, documents.join("\n---\n"));
    const inside = path.join(import.meta.dirname, "redirected", "inside.mjs");
    const program = path.join(packageRoot().directory, "dist", "sluice.js");
    const { stdout } = await promisify(execFile)(
      "unshare",
      ["--net", process.execPath, inside, program, rules],
      { timeout: 50_000 },
    );
    expect(JSON.parse(stdout)).toEqual({
      one: "one",
      two: "two",
      elsewhere: "elsewhere",
      itself: "elsewhere",
      byIpv6: 1,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
