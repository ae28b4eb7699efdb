/** Envoy from the official Docker image: the last resort, when there is neither a binary nor Python. */

import path from "node:path";
import { EnvironmentError } from "../../platform/error.ts";
import { lastWords, runCommand } from "./command.ts";

const PROBE_TIMEOUT_MS = 10_000;

export function dockerImage(version: string): string {
  return `envoyproxy/envoy:v${version}`;
}

/** Fails with the reason when no engine answers. */
export async function probeDocker(env: NodeJS.ProcessEnv): Promise<void> {
  const result = await runCommand("docker", ["version", "--format", "{{.Server.Version}}"], {
    timeoutMs: PROBE_TIMEOUT_MS,
    env,
  });
  if (result.code !== 0 || result.stdout.trim() === "") {
    throw new EnvironmentError("the Docker engine does not answer", lastWords(result, 2));
  }
}

/**
 * The arguments of `docker` that run Envoy as a program of this machine would run: on the host's network, as this
 * user, and with its files under the same paths.
 */
export function dockerArguments(
  image: string,
  mounts: readonly Mount[],
  envoyArguments: readonly string[],
): string[] {
  const user = process.getuid === undefined ? [] : ["--user", `${process.getuid()}:${process.getgid!()}`];
  const volumes = mounts.flatMap(({ directory, writable }) => {
    const absolute = path.resolve(directory);
    return ["--volume", `${absolute}:${absolute}${writable ? "" : ":ro"}`];
  });
  return [
    "run",
    "--rm",
    "--network",
    "host",
    ...user,
    ...volumes,
    "--entrypoint",
    "envoy",
    image,
    ...envoyArguments,
  ];
}

export interface Mount {
  readonly directory: string;
  readonly writable: boolean;
}
