/** Which files `kubectl` would read. */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { EnvironmentError } from "../../platform/error.ts";

/** Absolute names, the first one winning; of several, those that are missing are left out, as `kubectl` does. */
export function kubeconfigFiles(named: string | undefined, env: NodeJS.ProcessEnv): string[] {
  if (named !== undefined) {
    return [resolve(named)];
  }
  const listed = (env.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
  const wanted = listed.length > 0 ? listed : [join(env.HOME || homedir(), ".kube", "config")];
  const found = [...new Set(wanted.map((file) => resolve(file)))].filter((file) => existsSync(file));
  if (found.length === 0) {
    throw new EnvironmentError(
      listed.length > 0
        ? `KUBECONFIG: ${listed.join(delimiter)} does not exist; name a kubeconfig that does, or use --kubeconfig`
        : `no kubeconfig: ${wanted[0]} does not exist; use --kubeconfig, or set KUBECONFIG`,
    );
  }
  return found;
}
