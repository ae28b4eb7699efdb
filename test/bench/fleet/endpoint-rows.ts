/** What one changed endpoint costs until the resources of a scope are made, without anybody to tell. */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { emitResources } from "../../../compiler/back/xds/resources.ts";
import { ScopeEndpoints } from "../../../compiler/fleet/endpoints/scope-endpoints.ts";
import { createWorkspace, files } from "../../../compiler/index.ts";
import { adsPlaces } from "../../../compiler/run/delivery/ads/places.ts";
import { MeshFiles } from "../../harness/fleet/mesh-files.ts";
import { median } from "../measure.ts";
import type { Effort, Figures, Row } from "./row.ts";

const QUICK_SERVICES = 100;

async function endpointCost(services: number, { rounds }: Effort): Promise<Figures> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-bench-"));
  const mesh = new MeshFiles(path.join(folder, "rules"), services);
  await mesh.write();
  const workspace = createWorkspace({ source: files([mesh.directory]) });
  const watch = await workspace.watch(() => {});
  try {
    const options = workspace.options();
    let snapshot = await workspace.snapshot();
    const { compilation } = await snapshot.compile(options);
    if (compilation === undefined) {
      throw new Error("the rules that are measured are wrong");
    }
    const { config, blobs } = compilation;
    let told = emitResources(config, { ...options, blobs, places: adsPlaces(Uint8Array.of(0)) });
    let scope = ScopeEndpoints.of(compilation, snapshot.resources, options);
    const [read, made]: [number[], number[]] = [[], []];
    for (let i = 0; i < rounds; i++) {
      await mesh.changeEndpoint();
      const start = process.cpuUsage();
      const next = await workspace.snapshot();
      const seen = process.cpuUsage(start);
      const change = next.endpointsSince(snapshot);
      const after = change && scope.after(change, told);
      const all = process.cpuUsage(start);
      if (after === undefined || after.resources === told) {
        throw new Error("the change was not seen, or not taken for one of endpoints");
      }
      ({ resources: told, endpoints: scope } = after);
      snapshot = next;
      read.push((seen.user + seen.system) / 1000);
      made.push((all.user + all.system - seen.user - seen.system) / 1000);
    }
    return { readMs: median(read), ms: median(made) };
  } finally {
    await watch.close();
    await workspace.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

const row = (services: number): Row => ({
  name: `endpoint-of-${services}`,
  title: () =>
    `one endpoint of ${services.toLocaleString("en")} services: CPU to read it, and to make what is told`,
  limits: "nothing is compiled",
  measure: (effort) => endpointCost(effort.quick ? QUICK_SERVICES : services, effort),
  render: ({ readMs, ms }) => `${(readMs ?? Number.NaN).toFixed(1)} ms, ${(ms ?? Number.NaN).toFixed(1)} ms`,
});

export const ENDPOINT_ROWS: readonly Row[] = [row(1_000), row(10_000)];
