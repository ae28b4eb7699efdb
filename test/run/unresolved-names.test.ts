/** A name that cannot be resolved is told, and everything else goes on. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ask } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { type RunEvent, SluiceRun } from "../harness/sluice.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-names-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const rules = (endpoint: string) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: far }
spec:
  hosts: [far.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: DNS
  endpoints: [{ address: ${endpoint} }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: near }
spec:
  hosts: [near.example]
  http: [{ directResponse: { status: 200, body: { string: near } } }]
`;

test("a name that is lost and found again", async () => {
  const file = path.join(folder, "rules.yaml");
  // Names below "invalid" never exist (RFC 6761).
  await writeFile(file, rules("nobody.invalid"));
  const port = await freePort();
  const run = new SluiceRun(["rules.yaml", "--watch", "--mesh-port", String(port)], folder);
  try {
    const told = (await run.event("unresolved")) as RunEvent & { names: string[]; message: string };
    expect(told.names).toEqual(["nobody.invalid"]);
    expect(told.message).toBe(
      "DNS cannot resolve nobody.invalid; requests to outbound|80||far.example get a 503",
    );
    expect((await ask(port, { host: "near.example", path: "/" })).body).toBe("near");
    expect((await ask(port, { host: "far.example", path: "/" })).status).toBe(503);

    await writeFile(file, rules("localhost"));
    const again = (await run.event("resolved")) as RunEvent & { names: string[] };
    expect(again.names).toEqual(["localhost"]);
    expect(run.events.filter(({ event }) => event === "unresolved")).toHaveLength(1);
  } finally {
    expect(await run.stop()).toBe(0);
  }
});
