/**
 * Where Sluice itself stands: a checkout (source or `dist/`), or a package in somebody's `node_modules`. The same
 * code runs bundled and unbundled, so this looks upward for `package.json` instead of counting folders.
 */

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { EnvironmentError } from "./error.ts";

export interface PackageRoot {
  readonly directory: string;
  readonly version: string;
  /** False for an installed package, whose folder is not ours to write to. */
  readonly isCheckout: boolean;
}

let found: PackageRoot | undefined;

/** Where this Sluice stands, and its version. Throws an `EnvironmentError` for an installation that is not whole. */
export function packageRoot(): PackageRoot {
  found ??= find();
  return found;
}

/** The compiled filter, which `npm run build` makes and the package ships. */
export function filterModulePath(): string {
  return path.join(packageRoot().directory, "dist", "filter.wasm");
}

function find(): PackageRoot {
  let directory = path.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8"));
      if (manifest.name === "sluice") {
        const installed = directory.split(path.sep).includes("node_modules");
        const isCheckout = !installed && existsSync(path.join(directory, "scripts", "build.mjs"));
        return { directory, version: manifest.version, isCheckout };
      }
    } catch {
      // not here
    }
    const parent = path.dirname(directory);
    if (parent === directory) {
      throw new EnvironmentError(
        "Sluice's own package.json is missing: the installation is incomplete; reinstall Sluice",
      );
    }
    directory = parent;
  }
}
