/** What an export wrote, as tests read it. */

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { edgeGateway } from "../harness/edge-gateway.ts";
import type { Outcome } from "../harness/sluice.ts";
import { sluiceHere } from "../harness/sluice-here.ts";

export class ExportFolder {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<ExportFolder> {
    return new ExportFolder(await mkdtemp(path.join(os.tmpdir(), "sluice-export-")));
  }

  /** `sluice export` of rules into `out`. */
  async export(rules: string, args: readonly string[]): Promise<Outcome> {
    const inputs = rules === "" ? [] : ["rules.yaml"];
    await writeFile(path.join(this.directory, "rules.yaml"), rules);
    return sluiceHere(["export", ...inputs, ...args, "--output", "out"], this.directory);
  }

  at(name: string): string {
    return path.join(this.directory, "out", name);
  }

  // biome-ignore lint/suspicious/noExplicitAny: documents of many kinds
  async yaml(name: string): Promise<any> {
    return parse(await readFile(this.at(name), "utf8"));
  }

  /** All files below, by path. */
  async files(): Promise<Map<string, Buffer>> {
    const files = new Map<string, Buffer>();
    for (const entry of await readdir(this.at("."), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) {
        continue;
      }
      const file = path.join(entry.parentPath, entry.name);
      files.set(path.relative(this.at("."), file), await readFile(file));
    }
    return files;
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A gateway on port 80, and an outside service that answers there. */
export function edgeRules(upstreamPort: number, http: string): string {
  return `${edgeGateway()}apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: api }
spec:
  hosts: [api.example]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: ${upstreamPort} }]
  resolution: STATIC
  endpoints: [{ address: 127.0.0.1 }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: api }
spec:
  hosts: [api.example]
  gateways: [edge]
  http:
${http}`;
}
