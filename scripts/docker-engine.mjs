/** Whether a Docker engine with a Compose answers here, and if not, why, in a line. */

import { execFile } from "node:child_process";

const TIMEOUT_MS = 20_000;
/** The oldest Compose that knows what our files use. */
const OLDEST_COMPOSE = [1, 29];

/** `{ engine, compose }`: the engine's version and the words that call Compose; or `{ problem }`. */
export async function findDocker(platform = process.platform) {
  if (platform !== "linux") {
    return { problem: "containers share the network of this machine on Linux only" };
  }
  const engine = await ask("docker", ["version", "--format", "{{.Server.Version}}"]);
  if (engine.missing) {
    return { problem: "docker is not on PATH" };
  }
  if (!engine.ok || engine.out === "") {
    return { problem: engineProblem(engine.err) };
  }
  const plugin = await ask("docker", ["compose", "version", "--short"]);
  if (plugin.ok) {
    return { engine: engine.out, compose: ["docker", "compose"], composeVersion: plugin.out };
  }
  const program = await ask("docker-compose", ["version", "--short"]);
  if (!program.ok) {
    return { problem: "neither docker compose nor docker-compose is installed" };
  }
  const problem = composeProblem(program.out);
  return problem === undefined
    ? { engine: engine.out, compose: ["docker-compose"], composeVersion: program.out }
    : { problem };
}

/** What the words of `docker` about an engine that does not answer come to. */
export function engineProblem(words) {
  if (/permission denied/i.test(words)) {
    return "this user has no access to the Docker engine (it is not in the group docker)";
  }
  if (/cannot connect|is the docker daemon running|no such host|connection refused/i.test(words)) {
    return "the Docker engine does not answer";
  }
  return `docker version failed: ${words.trim().split("\n").at(-1) || "no output"}`;
}

/** Why a Compose of this version will not do, if it will not. */
export function composeProblem(version) {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  const [leastMajor, leastMinor] = OLDEST_COMPOSE;
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
    ? undefined
    : `docker-compose ${version} is too old; ${OLDEST_COMPOSE.join(".")} or newer is needed`;
}

export const REFUSED = "the rules were refused";

/** What the words of `docker compose up` come to; `undefined` when they stand for themselves. */
export function upProblem(words, { port, subnet }) {
  if (/port is already allocated|address already in use/i.test(words)) {
    return `port ${port} of this machine is already in use; choose another with SLUICE_PORT`;
  }
  if (/pool overlaps/i.test(words)) {
    return `another network uses ${subnet}.0/24; choose another with SLUICE_SUBNET, such as 198.18.7`;
  }
  if (/exited with code|didn't complete successfully/i.test(words)) {
    return REFUSED;
  }
  return undefined;
}

function ask(command, args) {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: TIMEOUT_MS }, (error, out, err) =>
      resolve({
        ok: error === null,
        missing: error?.code === "ENOENT",
        out: out.trim(),
        err: err || error?.message || "",
      }),
    );
  });
}
