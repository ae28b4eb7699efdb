#!/usr/bin/env node
/**
 * Envoy in Docker, called as one calls Envoy: `ENVOY_BIN` of the conformance suite in Docker. Runs the service of
 * compose.yaml with the folders of its arguments under the same paths, passes signals on, and removes the container.
 */

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const args = process.argv.slice(2);
const container = `sluice-test-${process.pid}-${randomBytes(4).toString("hex")}`;
const [compose, ...composeArgs] = JSON.parse(process.env.SLUICE_TEST_COMPOSE ?? '["docker-compose"]');
const file = path.join(path.dirname(fileURLToPath(import.meta.url)), "compose.yaml");

const command = [
  ...composeArgs,
  ...["--file", file, "--project-name", container],
  ...["run", "--rm", "-T", "--name", container, ...user(), ...mounts(), "envoy", ...args],
];
// In a group of its own: Compose answers a signal by ending the container, and so does this, once.
const child = spawn(compose, command, { stdio: ["ignore", "pipe", "pipe"], detached: true });
for (const [from, to] of [
  [child.stdout, process.stdout],
  [child.stderr, process.stderr],
]) {
  from.pipe(to);
}
child.on("error", (error) => {
  console.error(`${compose}: ${error.message}`);
  process.exit(1);
});
child.on("close", (code) => {
  remove();
  process.exit(code ?? 1);
});
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => spawn("docker", ["kill", `--signal=${signal}`, container], { stdio: "ignore" }));
}

/** The caller, who asks the admin interface by a socket that is for its owner only. */
function user() {
  return ["--user", `${process.getuid()}:${process.getgid()}`];
}

/** The configuration's folder to read, that of the admin interface's socket to write. */
function mounts() {
  const volumes = [];
  const configuration = argumentOf("--config-path");
  if (configuration !== undefined) {
    const folder = path.dirname(configuration);
    volumes.push("--volume", `${folder}:${folder}:ro`);
  }
  const laidOver = args[args.indexOf("--config-yaml") + 1];
  if (args.includes("--config-yaml")) {
    const folder = path.dirname(JSON.parse(laidOver).admin.address.pipe.path);
    volumes.push("--volume", `${folder}:${folder}`);
  }
  return volumes;
}

function argumentOf(option) {
  const value = args[args.indexOf(option) + 1];
  return args.includes(option) && existsSync(path.dirname(value)) ? value : undefined;
}

/** Compose removes it when it ends by itself; when Compose is ended, it stays. */
function remove() {
  spawnSync("docker", ["rm", "--force", container], { stdio: "ignore" });
}
