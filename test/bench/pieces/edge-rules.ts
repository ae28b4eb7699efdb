/** What an Envoy of an edge is made of, as it would be from a user's files. */

import {
  type Compilation,
  compile,
  DEFAULT_PROXY_OPTIONS,
  formatDiagnostics,
  type ProxyOptions,
  texts,
} from "../../../compiler/index.ts";
import type { Edge } from "./piece.ts";
import { gateway, services } from "./rules.ts";

export interface EdgePlace {
  readonly target: "wasm" | "native";
  /** Where the gateway listens, and the upstream. */
  readonly port: number;
  readonly upstreamPort: number;
  /** For what the proxy writes. */
  readonly folder: string;
}

/** Throws when the rules are wrong. */
export async function compileEdge(
  { rules, annotations = {}, proxy: own }: Edge,
  { target, port, upstreamPort, folder }: EdgePlace,
): Promise<{ readonly compilation: Compilation; readonly options: ProxyOptions }> {
  const proxy: Partial<ProxyOptions> = {
    target,
    listenAddress: "127.0.0.1",
    meshPort: 0,
    concurrency: 1,
    ...own?.(folder),
  };
  const documents = [gateway(port, annotations), ...services(upstreamPort), ...rules];
  const source = texts({ "rules.yaml": documents.map((one) => JSON.stringify(one)).join("\n---\n") });
  const { compilation, findings } = await compile({ source, proxy });
  if (compilation === undefined) {
    throw new Error(formatDiagnostics(findings));
  }
  return { compilation, options: { ...DEFAULT_PROXY_OPTIONS, ...proxy } };
}

/** Of its gateway. Absent: Envoy's own routes decide. */
export function programOf({ blobs }: Compilation): Uint8Array | undefined {
  return [...blobs.values()][0];
}
