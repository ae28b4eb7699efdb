/** An Envoy with the rules of an edge, made and started as by `sluice build` and whoever runs what it wrote. */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type EnvoyBinary, startEnvoy, writeBuild } from "../../../compiler/index.ts";
import { freePort } from "../../harness/ports.ts";
import { sendLoad } from "../load.ts";
import { wireRequest } from "../measure.ts";
import { compileEdge, programOf } from "./edge-rules.ts";
import type { Edge, RunningEdge } from "./piece.ts";

/** With so many headers comes a request, as from a browser. */
export const HEADERS = 10;
const PROOF_TIMEOUT_MS = 30_000;

/** Throws when the edge does not answer as its piece has it answer. */
export async function startEdge(
  edge: Edge,
  target: "wasm" | "native",
  upstreamPort: number,
  binary: EnvoyBinary,
): Promise<RunningEdge> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-bench-"));
  const port = await freePort();
  const { compilation, options } = await compileEdge(edge, { target, port, upstreamPort, folder });
  const directory = path.join(folder, "build");
  await writeBuild(compilation, options, directory);
  const envoy = await startEnvoy({
    binary,
    configPath: path.join(directory, "envoy.json"),
    concurrency: 1,
    directories: [folder],
    writtenDirectories: [folder],
    temporaryFolders: [folder],
  });
  const program = programOf(compilation);
  const running: RunningEdge = {
    envoy,
    port,
    folder,
    ...(program !== undefined && { program }),
    async stop() {
      await envoy.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await prove(edge, port);
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}

async function prove({ proofs = [], opening = "" }: Edge, port: number): Promise<void> {
  for (const { request, expected } of proofs) {
    await sendLoad({
      port,
      requests: [wireRequest(request, HEADERS)],
      count: 1,
      connections: 1,
      timeoutMs: PROOF_TIMEOUT_MS,
      expected,
      opening,
    });
  }
}
