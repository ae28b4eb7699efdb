/**
 * Builds what runs: the filter (`dist/filter.wasm`), the command line (`dist/sluice.js`), the API (`dist/index.js`, and
 * `dist/types` for the package alone), and the scripts that are written in TypeScript. Every output remembers a digest of what it was made from (`dist/.build.json`), so a second
 * build costs a few milliseconds; contents are compared, not times, because a checkout changes times at will.
 *
 *   node scripts/build.mjs [--force] [--quiet] [NAME…]      NAME: filter, sluice, index, scope-worker, types, demo, example, bench, bench-compile, bench-analysis, bench-counting, bench-fleet, bench-kubernetes, bench-pieces, fleet-clients, kubernetes-programs, envoy, action, bookinfo, fuzz; all of them but types if none
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { writeDeclarations } from "./declarations.mjs";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const DIST = path.join(ROOT, "dist");
const STATE = path.join(DIST, ".build.json");

/** Bundles: name → the TypeScript file it starts from. One that does not exist is not built. */
const BUNDLES = {
  sluice: "compiler/cli/main.ts",
  index: "compiler/index.ts",
  "scope-worker": "compiler/scope-worker.ts",
  demo: "scripts/demo.ts",
  example: "scripts/example/main.ts",
  bench: "test/bench/main.ts",
  "bench-compile": "test/bench/compile.ts",
  "bench-analysis": "test/bench/analysis.ts",
  "bench-counting": "test/bench/counting.ts",
  "bench-fleet": "test/bench/fleet/main.ts",
  "bench-kubernetes": "test/bench/kubernetes/main.ts",
  "bench-pieces": "test/bench/pieces/main.ts",
  "fleet-clients": "test/harness/fleet/clients.ts",
  "kubernetes-programs": "test/kubernetes/programs/main.ts",
  envoy: "scripts/envoy.ts",
  action: "scripts/action/main.ts",
  bookinfo: "envoy/bookinfo/services/main.ts",
  fuzz: "test/fuzz/main.ts",
};

/** What the page loads in a browser: each is a file of its own, for the page forbids what is inline. */
const PAGE = ["page.tsx", "page.css", "index.html", "icon.svg"].map(
  (file) => `compiler/page/browser/${file}`,
);

/** What every output depends on: the tools' versions and this file. */
const COMMON_INPUTS = ["package-lock.json", "scripts/build.mjs"];

const run = promisify(execFile);

async function main() {
  const args = process.argv.slice(2);
  const names = args.filter((arg) => !arg.startsWith("-"));
  const known = ["filter", "types", "page", ...Object.keys(BUNDLES)];
  const wrong = [
    ...names.filter((name) => !known.includes(name)),
    ...args.filter((arg) => arg.startsWith("-") && arg !== "--force" && arg !== "--quiet"),
  ];
  if (wrong.length > 0) {
    console.error(`build: unknown ${wrong.join(", ")}; use --force, --quiet, ${known.join(", ")}`);
    return 2;
  }
  try {
    await build({
      names,
      force: args.includes("--force"),
      log: args.includes("--quiet") ? () => {} : console.log,
    });
    return 0;
  } catch (error) {
    console.error(error instanceof BuildError ? error.message : error);
    return 1;
  }
}

/** A build that failed for a reason in the sources, in the compiler's words; anything else is a bug here. */
export class BuildError extends Error {}

/** Builds the named outputs (all when none is named) and returns those that were made anew. */
export async function build({ names = [], force = false, log = console.log } = {}) {
  await mkdir(DIST, { recursive: true });
  const state = await readState();
  const common = await digest(COMMON_INPUTS);
  const wanted = (name) => names.length === 0 || names.includes(name);
  const made = [];
  const failures = [];

  const step = async (name, output, knownInputs, make) => {
    const old = state[name];
    const inputs = knownInputs ?? old?.inputs;
    if (!force && old !== undefined && inputs !== undefined && existsSync(output)) {
      if (old.digest === `${common}:${await digest(inputs)}`) {
        return;
      }
    }
    const start = performance.now();
    let usedInputs;
    try {
      usedInputs = await make();
    } catch (error) {
      if (!(error instanceof BuildError)) {
        throw error;
      }
      // The others are still built, so that one broken part does not hide what is wrong in the next.
      failures.push(error.message);
      return;
    }
    state[name] = { inputs: usedInputs, digest: `${common}:${await digest(usedInputs)}` };
    made.push(name);
    const took = ((performance.now() - start) / 1000).toFixed(1);
    log(`built ${path.relative(ROOT, output)} (${took} s)`);
  };

  if (wanted("filter") && existsSync(path.join(ROOT, "asconfig.json"))) {
    const output = path.join(DIST, "filter.wasm");
    const inputs = ["asconfig.json", ...(await filterSources())];
    await step("filter", output, inputs, async () => {
      await compileFilter(output);
      return inputs;
    });
  }
  for (const [name, entry] of Object.entries(BUNDLES)) {
    if (wanted(name) && existsSync(path.join(ROOT, entry))) {
      const output = path.join(DIST, `${name}.js`);
      await step(name, output, undefined, () => bundle(entry, output));
    }
  }
  if (wanted("page")) {
    await step("page", path.join(DIST, "page", "page.js"), undefined, bundlePage);
  }
  // Two seconds that only a package needs.
  if (names.includes("types")) {
    await step("types", path.join(DIST, "types", "index.d.ts"), undefined, async () => {
      try {
        return await writeDeclarations(path.join(DIST, "types"));
      } catch (error) {
        throw new BuildError(error.message);
      }
    });
  }
  if (made.length > 0) {
    await replace(STATE, `${JSON.stringify(state, null, 1)}\n`);
  }
  if (failures.length > 0) {
    throw new BuildError(failures.join("\n"));
  }
  return made;
}

async function filterSources() {
  const entries = await readdir(path.join(ROOT, "filter"), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !/\.(spec|test)\.ts$/.test(entry.name))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath ?? entry.path, entry.name)))
    .filter((file) => !file.includes("__tests__"))
    .sort();
}

/** Compiles the filter from its sources, whatever is built already. */
export async function compileFilter(output) {
  const asc = path.join(ROOT, "node_modules", "assemblyscript", "bin", "asc.js");
  // Written beside and moved into place: an Envoy or a test that reads the module never sees half of it.
  const temporary = path.join(path.dirname(output), `.filter-${process.pid}.wasm`);
  const args = [asc, "--config", "asconfig.json", "--target", "release", "--outFile", temporary];
  try {
    const { stderr } = await run(process.execPath, args, { cwd: ROOT, maxBuffer: 64 << 20 });
    const said = stderr.replace(/^Last converge was suboptimal\.\n/gm, "").trimEnd();
    if (said !== "") {
      console.error(said);
    }
    await rename(temporary, output);
  } catch (error) {
    throw new BuildError(
      `the filter does not compile\n${error.stdout ?? ""}${error.stderr ?? error.message}`,
    );
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Bundles what starts at `entry` into one file; packages stay imports. Returns the files it was made from. */
async function bundle(entry, output) {
  const isProgram = entry !== BUNDLES.index;
  return bundleWith(
    {
      entryPoints: [entry],
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node20",
      outfile: output,
      ...(isProgram && { banner: { js: "#!/usr/bin/env node" } }),
      sourcemap: "linked",
      sourcesContent: false,
    },
    (file) => (isProgram && file === output ? 0o755 : 0o644),
  );
}

async function bundleWith(options, modeOf = () => 0o644) {
  const esbuild = await import("esbuild");
  let result;
  try {
    result = await esbuild.build({
      absWorkingDir: ROOT,
      ...options,
      metafile: true,
      write: false,
      logLevel: "silent",
    });
  } catch (error) {
    if (error.errors === undefined) {
      throw error;
    }
    const lines = await esbuild.formatMessages(error.errors, {
      kind: "error",
      color: process.stderr.isTTY === true,
    });
    throw new BuildError(`${options.entryPoints[0]} does not bundle\n${lines.join("")}`);
  }
  for (const file of result.outputFiles) {
    await replace(file.path, file.contents, modeOf(file.path));
  }
  return Object.keys(result.metafile.inputs).sort();
}

/** The page for a browser, which asks nobody else: its packages are in it. */
async function bundlePage() {
  const folder = path.join(DIST, "page");
  await mkdir(folder, { recursive: true });
  return bundleWith({
    entryPoints: PAGE,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome110", "firefox115", "safari16.4"],
    loader: { ".html": "copy", ".svg": "copy" },
    outdir: folder,
    legalComments: "none",
  });
}

async function replace(file, contents, mode = 0o644) {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await chmod(temporary, mode);
  await rename(temporary, file);
}

async function digest(files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const contents = await readFile(path.join(ROOT, file)).catch(() => "missing");
    hash.update(`${file}\0${contents.length}\0`).update(contents);
  }
  return hash.digest("hex").slice(0, 32);
}

async function readState() {
  try {
    return JSON.parse(await readFile(STATE, "utf8"));
  } catch {
    return {};
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main();
}
