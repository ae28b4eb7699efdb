/** At any level of its log, an Envoy that `sluice run` starts prints no private key. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Authority, type Pair, tlsSecret } from "../harness/authority.ts";
import { freePort } from "../harness/ports.ts";
import { SluiceRun } from "../harness/sluice.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-log-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const rules = (port: number, pair: Pair) => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { istio: ingressgateway }
  servers:
  - port: { number: ${port}, name: https, protocol: HTTPS }
    hosts: ["shop.example"]
    tls: { mode: SIMPLE, credentialName: shop }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  gateways: [edge]
  http: [{ directResponse: { status: 200 } }]
---
${tlsSecret("shop", pair)}`;

/** Any form in which a log could hold it: as it is, with escapes, in base64 again. */
function fragmentsOf({ key }: Pair): string[] {
  const lines = key
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("-----"))
    .map((line) => line.slice(16, 52));
  const again = [0, 1, 2].map((shift) => Buffer.from(key.slice(30 + shift, 90 + shift)).toString("base64"));
  const hex = Buffer.from(lines[1]!, "utf8").toString("hex");
  return [...lines, ...again, hex, "PRIVATE KEY"];
}

test.each(["debug", "trace"])(
  "level %s, at the start and at a change",
  { timeout: 60_000 },
  async (level) => {
    const authority = await Authority.create("authority");
    const pairs = [await authority.issue({ names: ["a"] }), await authority.issue({ names: ["b"] })];
    const file = path.join(folder, "rules.yaml");
    const port = await freePort();
    await writeFile(file, rules(port, pairs[0]!));
    const flags = ["--watch", "--mesh-port", "0", "--concurrency", "1", "--envoy-log-level", level];
    const run = new SluiceRun(["rules.yaml", ...flags], folder);
    try {
      await run.event("serving");
      await writeFile(file, rules(port, pairs[1]!));
      await run.event("reloaded");
    } finally {
      expect(await run.stop()).toBe(0);
    }
    const lines = run.events.filter(({ event }) => event === "log").map(({ message = "" }) => message);
    expect(lines.filter((line) => line.includes(`][${level}]`)).length).toBeGreaterThan(50);
    for (const fragment of pairs.flatMap(fragmentsOf)) {
      const line = lines.find((one) => one.includes(fragment));
      expect(line?.slice(0, 120), fragment.slice(0, 12)).toBeUndefined();
    }
  },
);
