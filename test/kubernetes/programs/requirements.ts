/** What a machine must have for tests with a real Kubernetes API server. */

import { runCommand } from "../../../compiler/run/envoy/command.ts";

const NEEDED = [
  { program: "go", version: "version", for: "Go, which builds the API server" },
  { program: "apt-get", version: "--version", for: "apt-get, which etcd comes with" },
  { program: "python3", version: "--version", for: "Python 3, which kubectl comes with" },
  { program: "ip", version: "-Version", for: "ip, which adds the addresses of pods" },
] as const;

/** Why they cannot run here, in a line, if they cannot. */
export async function whyNotHere(): Promise<string | undefined> {
  // The addresses of pods cannot be in 127/8: the API server refuses those.
  if (process.getuid?.() !== 0) {
    return "only root can give this machine the addresses of pods";
  }
  for (const { program, version, for: what } of NEEDED) {
    if ((await runCommand(program, [version])).code !== 0) {
      return `${what}, is not on PATH`;
    }
  }
  return undefined;
}
