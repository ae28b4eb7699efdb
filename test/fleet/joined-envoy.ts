/** Envoys that join a fleet with the bootstrap that `sluice bootstrap` writes. */

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { printJson } from "../../compiler/back/xds/json.ts";
import { bytesOf, type FleetBootstrapOptions, fleetBootstrap } from "../../compiler/index.ts";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";
import { type EnvoyProcess, startEnvoy } from "../../compiler/run/envoy/start.ts";

/**
 * Starts one. Resolves when it serves what it was told. `folder` is where its bootstrap is written; `own` is what the test has
 * otherwise in it.
 */
export async function joinEnvoy(
  folder: string,
  options: FleetBootstrapOptions,
  own: object = {},
): Promise<EnvoyProcess> {
  const configPath = path.join(folder, `${options.id}.json`);
  const files = fleetBootstrap({ ...options, file: configPath });
  for (const [name, contents] of files) {
    await writeFile(path.join(folder, name), bytesOf(contents));
  }
  // The admin interface is that of whoever starts it.
  const { admin: _, ...rest } = JSON.parse(await readFile(configPath, "utf8")) as Record<string, unknown>;
  await writeFile(configPath, printJson({ ...rest, ...own }));
  return startEnvoy({ binary: await findEnvoy({ log: () => {} }), configPath, concurrency: 1 });
}
