/**
 * The text of one kubeconfig → its clusters, users and contexts. What is wrong with a field is noted with its place; it
 * becomes an error only if the field is needed, since a kubeconfig holds many clusters and one is used.
 */

import { EnvironmentError } from "../../platform/error.ts";
import { readAtMost, whyUnreadable } from "../../source/bounded.ts";
import { inspectTree } from "../../source/inspect-tree.ts";
import { depthExceeded, parseTrees, plainValue } from "../../source/yaml.ts";
import { Section } from "./section.ts";

/** Bytes; certificates of hundreds of clusters fit into it. */
const LARGEST_FILE = 4 << 20;

/** What one file says; maps are by name. */
export interface KubeconfigFile {
  readonly name: string;
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, Section>;
  readonly users: ReadonlyMap<string, Section>;
  readonly contexts: ReadonlyMap<string, Section>;
}

/** Throws an `EnvironmentError` for what is no kubeconfig at all. */
export function readKubeconfigFile(name: string): KubeconfigFile {
  let text: string;
  try {
    text = Buffer.from(readAtMost(name, LARGEST_FILE)).toString();
  } catch (error) {
    throw new EnvironmentError(`${name}: the kubeconfig cannot be read: ${whyUnreadable(error)}`);
  }
  const root = Section.root(name, parsed(name, text));
  return {
    name,
    currentContext: root.text("current-context"),
    clusters: root.named("clusters", "cluster"),
    users: root.named("users", "user"),
    contexts: root.named("contexts", "context"),
  };
}

function parsed(name: string, text: string): unknown {
  if (depthExceeded(text) !== undefined) {
    throw new EnvironmentError(`${name}: this is not a kubeconfig: it is nested too deeply`);
  }
  const [document, ...more] = parseTrees(text);
  if (document === undefined) {
    return {};
  }
  const [error] = document.errors;
  if (error !== undefined) {
    const line = text.slice(0, error.pos[0]).split("\n").length;
    throw new EnvironmentError(`${name}:${line}: this is not valid YAML: ${error.message.split("\n")[0]}`);
  }
  if (more.length > 0 || inspectTree(document).length > 0) {
    throw new EnvironmentError(
      `${name}: a kubeconfig must be one YAML document, without cycles or keys that repeat`,
    );
  }
  return plainValue(document) ?? {};
}
