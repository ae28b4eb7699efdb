/** The files that the page is made of, which `npm run build` makes and the package ships: read once, served from memory. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { EnvironmentError } from "../platform/error.ts";
import { packageRoot } from "../platform/package-root.ts";

export interface Asset {
  readonly type: string;
  readonly content: Uint8Array;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
const NEEDED = ["index.html", "page.js", "page.css"];

/** By their paths on the server; `/` is the page. Throws an `EnvironmentError` for an installation that has none. */
export function readAssets(
  folder = path.join(packageRoot().directory, "dist", "page"),
): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  try {
    for (const name of new Set([...NEEDED, ...readdirSync(folder)])) {
      const type = TYPES[path.extname(name)];
      if (type !== undefined) {
        const served = name === "index.html" ? "/" : `/${name}`;
        assets.set(served, { type, content: readFileSync(path.join(folder, name)) });
      }
    }
  } catch (error) {
    const how = packageRoot().isCheckout ? "run: npm run build" : "reinstall Sluice";
    throw new EnvironmentError(`the page's files are missing: ${(error as Error).message}; ${how}`);
  }
  return assets;
}
