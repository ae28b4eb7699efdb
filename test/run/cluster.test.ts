/** An Envoy that obeys the rules of a cluster, as they change there. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Cluster } from "../../compiler/kubernetes/source/cluster.fixture.ts";
import { ask } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { SluiceRun } from "../harness/sluice.ts";

let folder: string;
let cluster: Cluster;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-cluster-"));
  cluster = await Cluster.start();
});
afterEach(async () => {
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});

const saying = (text: string) => ({
  spec: { hosts: ["near.example"], http: [{ directResponse: { status: 200, body: { string: text } } }] },
});

test("run --kubernetes --watch follows what is applied", async () => {
  const config = {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k" } }],
    clusters: [{ name: "k", cluster: { server: cluster.client.server } }],
  };
  await writeFile(path.join(folder, "config"), JSON.stringify(config));
  cluster.apply("VirtualService", { name: "near", fields: saying("before") });
  const port = await freePort();
  const call = ["--kubernetes", "--kubeconfig", "config", "--watch", "--mesh-port", String(port)];
  const run = new SluiceRun(call, folder);
  const answer = async () => (await ask(port, { host: "near.example", path: "/" })).body;
  try {
    await run.event("serving");
    expect(await answer()).toBe("before");
    cluster.apply("VirtualService", { name: "near", fields: saying("after") });
    await expect.poll(answer).toBe("after");
  } finally {
    expect(await run.stop()).toBe(0);
  }
});
