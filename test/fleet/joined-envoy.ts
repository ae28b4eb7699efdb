/** Envoys that join a fleet with the bootstrap that `sluice bootstrap` writes. */

import { writeFile } from "node:fs/promises";
import path from "node:path";
import { printJson } from "../../compiler/back/xds/json.ts";
import { type FleetBootstrapOptions, fleetBootstrap } from "../../compiler/index.ts";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";
import { type EnvoyProcess, startEnvoy } from "../../compiler/run/envoy/start.ts";

/** Starts one. Resolves when it serves what it was told. `folder` is where its bootstrap is written. */
export async function joinEnvoy(folder: string, options: FleetBootstrapOptions): Promise<EnvoyProcess> {
  const configPath = path.join(folder, `${options.id}.json`);
  const [bootstrap] = fleetBootstrap(options).values();
  // The admin interface is that of whoever starts it.
  const { admin: _, ...rest } = JSON.parse(String(bootstrap)) as Record<string, unknown>;
  await writeFile(configPath, printJson(rest));
  return startEnvoy({ binary: await findEnvoy({ log: () => {} }), configPath, concurrency: 1 });
}
