/** Changes that cannot be made at the moment: nothing of them is begun, they are told once, and made as soon as they can be. */

import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Authority } from "../harness/authority.ts";
import { ask } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { type RunEvent, SluiceRun } from "../harness/sluice.ts";
import { TARGETS } from "../harness/targets.ts";

let folder: string;
let run: SluiceRun | undefined;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-right-"));
});
afterEach(async () => {
  await run?.stop();
  run = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** At once, so that nobody sees half of it. */
async function save(text: string): Promise<void> {
  await writeFile(path.join(folder, "next"), text);
  await rename(path.join(folder, "next"), path.join(folder, "rules.yaml"));
}

const answering = (body: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: near }
spec:
  hosts: [near.example]
  http: [{ directResponse: { status: 200, body: { string: ${body} } } }]
`;

const gatewayAt = (port: number, more = "", protocol = "HTTP") => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { istio: ingressgateway }
  servers:
  - port: { number: ${port}, name: edge, protocol: ${protocol} }
    hosts: ["*"]
${more}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge }
spec:
  hosts: ["*"]
  gateways: [edge]
  http: [{ directResponse: { status: 200, body: { string: edge } } }]
---
`;

async function start(target: string, ...more: string[]): Promise<number> {
  const port = await freePort();
  run = new SluiceRun(
    ["rules.yaml", "--watch", "--target", target, "--mesh-port", String(port), ...more],
    folder,
  );
  await run.event("serving");
  return port;
}

/** The next event of one of these names. */
async function next(...names: string[]): Promise<RunEvent & { message?: string; words?: string[] }> {
  const from = run!.events.length;
  return Promise.race(names.map((name) => run!.event(name, from)));
}

describe.each(TARGETS)("target %s", (target) => {
  const near = async (port: number) => (await ask(port, { host: "near.example", path: "/" })).body;

  test("certificate files that are not there: the old rules serve, an undo is none, and files that come are taken", async () => {
    await save(answering("one"));
    const port = await start(target);
    const edge = await freePort();
    const [chain, key] = [path.join(folder, "certs", "tls.crt"), path.join(folder, "certs", "tls.key")];
    const tls = `    tls: { mode: SIMPLE, serverCertificate: ${chain}, privateKey: ${key} }`;
    const secure = gatewayAt(edge, tls, "HTTPS") + answering("two");
    let told = next("refused");
    await save(secure);
    await told;
    expect(await near(port)).toBe("one");

    told = next("unchanged");
    await save(answering("one"));
    await told;
    told = next("reloaded");
    await save(answering("three"));
    await told;
    expect(await near(port)).toBe("three");

    told = next("refused");
    await save(secure);
    await told;
    const from = run!.events.length;
    const pair = await (await Authority.create("authority")).issue({ names: ["edge.example"] });
    const made = path.join(folder, "made");
    await mkdir(made);
    await writeFile(path.join(made, "tls.key"), pair.key);
    await writeFile(path.join(made, "tls.crt"), pair.certificate);
    await rename(made, path.dirname(chain));
    await run!.event("reloaded", from);
    expect(await near(port)).toBe("two");
    // Told once for each time that a save was noticed, which may be twice, however often it was tried.
    const refused = run!.events.filter(({ event }) => event === "refused");
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(refused.length).toBeLessThanOrEqual(4);
  });

  test("a port of another program is opened as soon as that one is gone", async () => {
    await save(answering("one"));
    const other = createServer();
    const taken = await freePort();
    await new Promise<void>((resolve) => other.listen(taken, "127.0.0.1", resolve));
    const port = await start(target);
    const told = next("blocked");
    await save(gatewayAt(taken) + answering("two"));
    expect((await told).words?.join()).toContain(`port ${taken} on 127.0.0.1`);
    expect(await near(port)).toBe("one");
    const from = run!.events.length;
    await new Promise((resolve) => other.close(resolve));
    await run!.event("reloaded", from);
    expect(await near(port)).toBe("two");
    expect((await ask(taken, { host: "a", path: "/" })).body).toBe("edge");
  });

  test("a name that no DNS server knows is no reason to refuse a change: its own requests get a 503", async () => {
    await save(answering("one"));
    const port = await start(target);
    for (const [name, body] of [
      ["nobody.invalid", "two"],
      ["somebody.invalid", "three"],
    ]) {
      const told = next("reloaded", "rejected");
      await save(`apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: far }
spec:
  hosts: [far.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: DNS
  endpoints: [{ address: ${name} }]
---
${answering(body!)}`);
      expect((await told).event).toBe("reloaded");
      expect(await near(port)).toBe(body);
      expect((await ask(port, { host: "far.example", path: "/" })).status).toBe(503);
    }
  });
});
