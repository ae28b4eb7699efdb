/** `sluice run --watch --hold`: what is saved decides nothing before somebody applies it. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ChangePreview } from "../../compiler/index.ts";
import { ask } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { SluiceRun } from "../harness/sluice.ts";
import { TARGETS } from "../harness/targets.ts";

let folder: string;
let run: SluiceRun | undefined;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-hold-"));
});
afterEach(async () => {
  await run?.stop();
  run = undefined;
  await rm(folder, { recursive: true, force: true });
});

const answering = (body: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: near }
spec:
  hosts: [near.example]
  http: [{ name: near, directResponse: { status: 200, body: { string: ${body} } } }]
`;

test.each(TARGETS)(
  "target %s: a change waits for Enter, and its preview tells what it would do",
  async (target) => {
    const save = (text: string) => writeFile(path.join(folder, "rules.yaml"), text);
    await save(answering("one"));
    const port = await freePort();
    const args = ["rules.yaml", "--watch", "--hold", "--target", target, "--mesh-port", String(port)];
    run = new SluiceRun(args, folder);
    await run.event("serving");
    const near = async () => (await ask(port, { host: "near.example", path: "/" })).body;
    expect(await near()).toBe("one");

    const previewed = run.when(
      () => run!.events.find((event) => event.event === "preview") as { preview?: ChangePreview } | undefined,
      "preview",
    );
    await save(answering("two"));
    await run.event("held");
    const { preview } = (await previewed) as { preview: ChangePreview };
    expect(preview).toMatchObject({
      differences: 1,
      witnesses: [{ request: expect.stringContaining("near.example") }],
    });
    expect(await near()).toBe("one");

    // Errors are told, and leave nothing to apply.
    await save(answering("one").replace("status: 200", "status: 99"));
    await run.event("refused");
    run.enter();
    await run.event("nothingHeld");
    expect(await near()).toBe("one");

    const from = run.events.length;
    await save(answering("three"));
    await run.event("held", from);
    run.enter();
    await run.event("reloaded", from);
    expect(await near()).toBe("three");
  },
);
