/** Reads `pages/`: documents of the shapes that Istio's documentation shows, page by page. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import type { ProxyOptions } from "../../compiler/options.ts";

export type ProxyName = "sidecar" | "gateway" | "egressgateway" | "eastwestgateway";

/** Documents that belong together, of one page. */
export interface Step {
  readonly page: string;
  /** Where a page has several. */
  readonly part?: string;
  readonly rules: string;
  /** Whose proxy; a sidecar unless said. */
  readonly as?: ProxyName;
  /** What differs from those options. */
  readonly proxy?: Partial<ProxyOptions>;
  /** Names of Secrets that the page makes of certificates. */
  readonly secrets?: readonly string[];
  /** The proxy has an identity of the mesh, in files. */
  readonly identity?: true;
  /** Codes of warnings and errors, in any order. Absent: none. */
  readonly findings?: readonly string[];
  readonly asks?: readonly Ask[];
}

export interface Ask {
  readonly ask: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The listener. */
  readonly at: string;
  /** Envoy's name of the cluster that answers. */
  readonly cluster?: string;
  /** 200 unless said. */
  readonly status?: number;
}

const FOLDER = path.join(import.meta.dirname, "pages");
/** The services that the pages ask. */
export const WORLD = readFileSync(path.join(FOLDER, "world.yaml"), "utf8");

export function readSteps(): Step[] {
  return readdirSync(FOLDER)
    .filter((name) => name !== "world.yaml")
    .sort()
    .flatMap((name) => parse(readFileSync(path.join(FOLDER, name), "utf8")) as Step[]);
}
