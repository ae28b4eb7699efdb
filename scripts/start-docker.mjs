/**
 * `npm run start:docker`: the demo mesh of envoy/compose.yaml, with what can be wrong on a machine said in one line each.
 * Prints what it takes: the time to build, from `up` to the first routed request, and the sizes of images and package.
 * Ends with Ctrl-C, or after that with `--once`.
 */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findDocker, REFUSED, upProblem } from "./docker-engine.mjs";
import { ENVOY_IMAGE, ensureImages } from "./local-images.mjs";
import { ROOT } from "./setup.mjs";

const FILE = path.join("envoy", "compose.yaml");
const IMAGES = [ENVOY_IMAGE, "sluice-demo-rules", "sluice-demo-services", "sluice-demo-proxy"];
const PACKAGED = ["dist/filter.wasm", "dist/sluice.js", "dist/scope-worker.js"];
const UP_TIMEOUT_MS = 5 * 60_000;
const { SLUICE_PORT: port = "8080", SLUICE_SUBNET: subnet = "198.51.100" } = process.env;

const say = (line) => console.log(`docker: ${line}`);

async function main(args) {
  const unknown = args.filter((one) => one !== "--once");
  if (unknown.length > 0) {
    console.error(`docker: unknown ${unknown.join(", ")}; use --once`);
    return 2;
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    console.error(`docker: SLUICE_PORT: "${port}" is not a valid port`);
    return 2;
  }
  // From here on Ctrl-C ends what runs, and what was started is taken down.
  const stopped = interrupted();
  // Unlike the tests, the demo has a network of its own, so any platform will do.
  const docker = await findDocker("linux");
  if (docker.problem !== undefined) {
    return fail(docker.problem);
  }
  if (await isTaken(Number(port))) {
    return fail(upProblem("port is already allocated", { port, subnet }));
  }
  say(`engine ${docker.engine}, ${docker.compose.join(" ")} ${docker.composeVersion}`);
  try {
    await ensureImages({ log: (line) => say(line.replace(/^images: /, "")) });
  } catch (error) {
    return fail("the base images could not be built", error.message);
  }
  const compose = (...rest) => run([...docker.compose, "--file", FILE, ...rest]);

  let start = performance.now();
  const built = await compose("build");
  // The image for those who bring rules of their own: made of the same stages.
  const proxy =
    built.code === 0
      ? await run(["docker", "build", "--file", "envoy/Dockerfile", "--tag", IMAGES.at(-1), "."])
      : built;
  if (proxy.code !== 0) {
    return fail("the images could not be built", proxy.words);
  }
  say(`images are built (${seconds(start)})`);
  try {
    start = performance.now();
    const up = await compose("up", "--detach");
    if (up.code !== 0) {
      const problem = upProblem(up.words, { port, subnet });
      if (problem === REFUSED) {
        return fail(problem, (await compose("logs", "--no-color", "rules")).words);
      }
      return problem === undefined ? fail("docker compose up failed", up.words) : fail(problem);
    }
    const url = `http://127.0.0.1:${port}/productpage`;
    if (!(await isRouted(url))) {
      return fail(`${url} does not answer; see ${docker.compose.join(" ")} --file ${FILE} logs`);
    }
    say(`the first routed request is answered ${seconds(start)} after up`);
    await printSizes();
    if (!args.includes("--once")) {
      say(`open ${url}; Ctrl-C ends`);
      // Nobody else keeps this process going meanwhile.
      const going = setInterval(() => {}, 60_000);
      await stopped;
      clearInterval(going);
    }
    return 0;
  } finally {
    await compose("down", "--volumes", "--timeout", "2");
  }
}

/** `words`: those of another program, where they say more. */
function fail(problem, words = "") {
  console.error(`docker: ${problem}`);
  if (words !== "") {
    console.error(words.trim().split("\n").slice(-20).join("\n"));
  }
  return 3;
}

function isTaken(number) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error) => resolve(error.code === "EADDRINUSE"));
    server.listen(number, "127.0.0.1", () => server.close(() => resolve(false)));
  });
}

async function isRouted(url) {
  const deadline = performance.now() + UP_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const status = await statusOf(url);
    if (status === 200) {
      return true;
    }
    await sleep(50);
  }
  return false;
}

function statusOf(url) {
  return new Promise((resolve) => {
    const request = http.get(url, { timeout: 5000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(0));
    request.on("close", () => resolve(0));
  });
}

async function printSizes() {
  for (const image of IMAGES) {
    const { code, words } = await run(["docker", "image", "inspect", "--format", "{{.Size}}", image]);
    if (code === 0) {
      say(`image ${image}: ${megabytes(words)}`);
    }
  }
  // The package is made of what is built; containers need none of it here.
  if (!PACKAGED.every((name) => existsSync(path.join(ROOT, name)))) {
    return;
  }
  const { code, words } = await run(["npm", "pack", "--dry-run", "--json", "--ignore-scripts"]);
  if (code !== 0) {
    return;
  }
  const [{ filename, size, unpackedSize }] = JSON.parse(words.slice(words.indexOf("[")));
  say(`package ${filename}: ${megabytes(size)}, unpacked ${megabytes(unpackedSize)}`);
}

const megabytes = (bytes) => `${(Number(bytes) / 1e6).toFixed(1)} MB`;
const seconds = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`;

function interrupted() {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) {
      process.once(signal, resolve);
    }
  });
}

/** `words`: what it wrote on standard output, and when it failed on standard error, too. */
function run([command, ...args]) {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: ROOT, maxBuffer: 64 << 20 }, (error, out, err) =>
      resolve({
        code: error === null ? 0 : 1,
        words: error === null ? out : `${out}${err || error.message}`,
      }),
    );
  });
}

process.exitCode = await main(process.argv.slice(2));
