/**
 * Writes the declarations of the API for the package: what TypeScript makes of `compiler/index.ts`, and of what that names.
 * They must hold in a project that has nothing but the package and its dependencies.
 */

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const CONFIG = "tsconfig.declarations.json";
const ENTRY = "compiler/index.ts";
const IMPORT = /((?:from|import)\s*\(?\s*)"(\.[^"]+)\.ts"/g;

const run = promisify(execFile);

/** The folder replaces what was there; gives the files that the declarations were made from. Throws TypeScript's words. */
export async function writeDeclarations(folder) {
  await mkdir(path.dirname(folder), { recursive: true });
  const temporary = await mkdtemp(`${folder}-`);
  try {
    const emitted = path.join(temporary, "all");
    const tsc = path.join(ROOT, "node_modules", "typescript", "bin", "tsc");
    try {
      await run(process.execPath, [tsc, "-p", CONFIG, "--outDir", emitted], { cwd: ROOT });
    } catch (error) {
      throw new Error(`the API's declarations cannot be made\n${error.stdout}${error.stderr}`);
    }
    const kept = path.join(temporary, "kept");
    const sources = await keepReachable(emitted, kept);
    await rm(folder, { recursive: true, force: true });
    await rename(kept, folder);
    return [CONFIG, "tsconfig.json", "scripts/declarations.mjs", ...sources];
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Copies what the entry reaches, as a user's TypeScript can read it. */
async function keepReachable(from, to) {
  const found = new Set([ENTRY]);
  for (const source of found) {
    const text = await readFile(path.join(from, source.replace(/\.ts$/, ".d.ts")), "utf8");
    for (const [, , name] of text.matchAll(IMPORT)) {
      found.add(path.posix.join(path.posix.dirname(source), `${name}.ts`));
    }
    const target = path.join(to, path.posix.relative("compiler", source).replace(/\.ts$/, ".d.ts"));
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, readable(text));
  }
  return [...found].sort();
}

/** Nobody has to have the types of browsers for ours: `WebAssembly` is declared there, and opaque to users anyhow. */
function readable(text) {
  return text.replaceAll(IMPORT, '$1"$2.js"').replaceAll("WebAssembly.Module", "object");
}
