/** `exec` of a user → the program that gives its credentials. */

import { dirname, isAbsolute, resolve } from "node:path";
import { ExecPlugin } from "../credentials/exec-plugin.ts";
import type { PluginProgram } from "../credentials/run-plugin.ts";
import type { Section } from "./section.ts";

const V1 = "client.authentication.k8s.io/v1";
const V1_BETA1 = "client.authentication.k8s.io/v1beta1";
const MODES = ["Never", "IfAvailable", "Always"] as const;
/** The extension of a cluster that is for the program. */
const FOR_THE_PROGRAM = "client.authentication.k8s.io/exec";

export function execPluginOf(user: Section, exec: Section, cluster: Section): ExecPlugin {
  const apiVersion = exec.text("apiVersion");
  if (apiVersion !== V1 && apiVersion !== V1_BETA1) {
    throw exec.error(`\`apiVersion\`: ${quoted(apiVersion)} is not supported; use ${V1} or ${V1_BETA1}`);
  }
  const command = exec.text("command");
  if (command === undefined) {
    throw exec.error("`command` is missing");
  }
  const installHint = exec.text("installHint");
  return new ExecPlugin({
    owner: user.title,
    apiVersion,
    // A name alone is found in PATH; anything with a folder in it is seen from the kubeconfig's.
    command: command.includes("/") && !isAbsolute(command) ? resolve(dirname(exec.file), command) : command,
    args: exec.texts("args"),
    env: variablesOf(exec),
    ...(installHint !== undefined && { installHint }),
    interactiveMode: modeOf(exec, apiVersion),
    ...(exec.flag("provideClusterInfo") && { cluster: clusterInfo(cluster) }),
  });
}

function modeOf(exec: Section, apiVersion: string): PluginProgram["interactiveMode"] {
  const text = exec.text("interactiveMode");
  const mode = MODES.find((one) => one === (text ?? (apiVersion === V1 ? undefined : "IfAvailable")));
  if (mode === undefined) {
    throw exec.error(`\`interactiveMode\`: ${quoted(text)} is not valid; use ${MODES.join(", ")}`);
  }
  return mode;
}

function variablesOf(exec: Section): Record<string, string> {
  return Object.fromEntries(
    exec.sections("env").map((entry) => {
      const name = entry.text("name");
      if (name === undefined) {
        throw entry.error("`name` is missing");
      }
      return [name, entry.text("value") ?? ""];
    }),
  );
}

/** `spec.cluster` of an ExecCredential; files are handed over as data. */
function clusterInfo(cluster: Section): Record<string, unknown> {
  const authorities = cluster.text("certificate-authority-data");
  const serverName = cluster.text("tls-server-name");
  const proxy = cluster.text("proxy-url");
  const config = cluster.named("extensions", "extension").get(FOR_THE_PROGRAM);
  return {
    server: cluster.text("server"),
    ...(serverName !== undefined && { "tls-server-name": serverName }),
    ...(cluster.flag("insecure-skip-tls-verify") && { "insecure-skip-tls-verify": true }),
    ...(authorities !== undefined && { "certificate-authority-data": authorities }),
    ...(proxy !== undefined && { "proxy-url": proxy }),
    config: config?.fields ?? null,
  };
}

function quoted(text: string | undefined): string {
  return text === undefined ? "nothing" : `"${text}"`;
}
