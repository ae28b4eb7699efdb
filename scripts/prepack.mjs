/**
 * What `npm pack` does first: builds what the package ships, and compiles the filter once more from nothing. A package
 * is made only when both filters are the same bytes, so that anybody can hold the printed digest against their own build.
 */

import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { compileFilter } from "./build.mjs";
import { ROOT, setup } from "./setup.mjs";

await setup({ quietly: true, names: ["filter", "page", "sluice", "index", "scope-worker", "types"] });
const shipped = sha256(await readFile(path.join(ROOT, "dist", "filter.wasm")));

const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-pack-"));
try {
  const output = path.join(folder, "filter.wasm");
  await compileFilter(output);
  const again = sha256(await readFile(output));
  if (again === shipped) {
    // On standard error: what `npm pack` prints on standard output is the name of the package.
    console.error(`sha256 ${shipped}  dist/filter.wasm (built twice, the same bytes)`);
  } else {
    console.error(`pack: the filter is not reproducible: ${shipped}, then ${again}`);
    console.error("  rebuild it with: npm run build -- --force filter");
    process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
