/** The Envoys of the demo's fleet: stock ones, each started with a bootstrap and nothing else. */

import { writeFile } from "node:fs/promises";
import path from "node:path";
import {
  bytesOf,
  type EnvoyProcess,
  findEnvoy,
  fleetBootstrap,
  startEnvoy,
} from "../../../compiler/index.ts";

export interface EnvoysOptions {
  readonly server: string;
  readonly count: number;
  /** For their bootstraps. */
  readonly folder: string;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Resolves when all of them serve what they were told. None is left when one cannot. */
export async function startEnvoys(options: EnvoysOptions): Promise<readonly EnvoyProcess[]> {
  const { server, count, folder, log, signal } = options;
  const binary = await findEnvoy({ log });
  const ids = Array.from({ length: count }, (_, i) => `edge-${i + 1}`);
  const started = await Promise.allSettled(
    ids.map(async (id) => {
      const configPath = path.join(folder, `${id}.json`);
      for (const [name, contents] of fleetBootstrap({ server, id, file: configPath })) {
        await writeFile(path.join(folder, name), bytesOf(contents));
      }
      return startEnvoy({ binary, configPath, concurrency: 1, temporaryFolders: [folder], signal });
    }),
  );
  const running = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = started.find((one) => one.status === "rejected");
  if (failed !== undefined) {
    await Promise.all(running.map((envoy) => envoy.stop(0)));
    throw failed.reason;
  }
  return running;
}
