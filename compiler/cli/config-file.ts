/**
 * `sluice.yaml`: the options of a proxy in a file, under the same names as the flags, in camel case. Every mistake
 * in it is said with its line, and the near key; flags win over it.
 */

import path from "node:path";
import { closest } from "fastest-levenshtein";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { readAtMost, whyUnreadable } from "../source/bounded.ts";
import { inspectTree } from "../source/inspect-tree.ts";
import { depthExceeded, MAX_DEPTH } from "../source/yaml.ts";
import { UsageError } from "./exit.ts";

/** Values as they stand in the file; the same checks as for flags run on them afterwards. */
export interface FileOptions {
  /** Inputs, resolved against the file's folder. */
  readonly paths?: readonly string[];
  readonly out?: string;
  readonly target?: string;
  readonly strict?: boolean;
  readonly listenAddress?: string;
  readonly portMap?: readonly string[];
  readonly meshPort?: string;
  readonly meshListeners?: boolean;
  readonly adminPort?: string;
  readonly proxyLabels?: string;
  readonly proxyNamespace?: string;
  readonly proxyLocality?: string;
  readonly domainSuffix?: string;
  readonly concurrency?: string;
  readonly pathNormalization?: string;
  readonly outboundPolicy?: string;
  /** Resolved against the file's folder, too. */
  readonly secretsDirectory?: string;
}

type Reader = (node: Node, fail: (message: string) => never) => unknown;

const text: Reader = (node, fail) => {
  const value = isScalar(node) ? node.value : undefined;
  return typeof value === "string" || typeof value === "number"
    ? String(value)
    : fail("expected a string or a number");
};

const flag: Reader = (node, fail) => {
  const value = isScalar(node) ? node.value : undefined;
  return typeof value === "boolean" ? value : fail("expected true or false");
};

const list: Reader = (node, fail) => {
  const items = isSeq(node) ? node.items : [node];
  return items.map((item) => {
    const value = isScalar(item) ? item.value : undefined;
    return typeof value === "string" ? value : fail("expected a list of strings");
  });
};

/** `{ 80: 8080 }` or `["80=8080"]` */
const pairs: Reader = (node, fail) => {
  if (!isMap(node)) {
    return list(node, fail);
  }
  return node.items.map(({ key, value }) => {
    if (!isScalar(key) || !isScalar(value)) {
      return fail("expected pairs of simple values");
    }
    return `${key.value}=${value.value}`;
  });
};

const READERS: Readonly<Record<keyof FileOptions, Reader>> = {
  paths: list,
  out: text,
  target: text,
  strict: flag,
  listenAddress: text,
  portMap: pairs,
  meshPort: text,
  meshListeners: flag,
  adminPort: text,
  proxyLabels: (node, fail) => (pairs(node, fail) as string[]).join(","),
  proxyNamespace: text,
  proxyLocality: text,
  domainSuffix: text,
  concurrency: text,
  pathNormalization: text,
  outboundPolicy: text,
  secretsDirectory: text,
};

/** What may stand in it. */
export const CONFIG_KEYS: readonly string[] = Object.keys(READERS);

/** Bytes; there are not so many options. */
const MAX_FILE_SIZE = 1024 * 1024;

export function readConfigFile(file: string): FileOptions {
  let source: string;
  try {
    source = Buffer.from(readAtMost(file, MAX_FILE_SIZE)).toString();
  } catch (error) {
    throw new UsageError(`--config ${file}: cannot be read: ${whyUnreadable(error)}`);
  }
  return parseConfig(file, source);
}

/** The same for a text that was read. */
export function parseConfig(file: string, source: string): FileOptions {
  const lines = new LineCounter();
  const tooDeep = depthExceeded(source);
  if (tooDeep !== undefined) {
    throw new UsageError(`${file}: it nests deeper than ${MAX_DEPTH} levels`);
  }
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: false });
  const failAt = (offset: number, message: string): never => {
    const { line, col } = lines.linePos(offset);
    throw new UsageError(`${file}:${line}:${col}: ${message}`);
  };
  const [error] = document.errors;
  if (error !== undefined) {
    if (error.code === "MULTIPLE_DOCS") {
      failAt(error.pos[0], "one document is expected, and here begins another");
    }
    failAt(error.pos[0], error.message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, ""));
  }
  const [problem] = inspectTree(document);
  if (problem !== undefined) {
    failAt(
      problem.range[0],
      problem.kind === "duplicateKey"
        ? "this key is given twice"
        : problem.kind === "halfCharacter"
          ? "half of a character"
          : "an alias that cannot be resolved",
    );
  }
  const root = document.contents;
  if (root === null) {
    return {};
  }
  if (!isMap(root)) {
    return failAt(root.range?.[0] ?? 0, "expected keys and values");
  }
  const known = Object.keys(READERS) as (keyof FileOptions)[];
  const options: Record<string, unknown> = {};
  for (const pair of root.items) {
    const keyNode = pair.key as Node;
    const key = isScalar(keyNode) ? String(keyNode.value) : "";
    const reader = Object.hasOwn(READERS, key) ? READERS[key as keyof FileOptions] : undefined;
    const start = keyNode.range?.[0] ?? 0;
    if (reader === undefined) {
      return failAt(start, `unknown key "${key}"; did you mean "${closest(key, known)}"?`);
    }
    const value = pair.value as Node | null;
    const fail = (message: string): never => failAt(value?.range?.[0] ?? start, `${key}: ${message}`);
    options[key] = value === null ? fail("expected a value") : reader(value, fail);
  }
  const folder = path.dirname(file);
  const resolve = (name: string) => (name === "-" ? name : path.join(folder, name));
  const result = options as FileOptions;
  return {
    ...result,
    ...(result.paths && { paths: result.paths.map(resolve) }),
    ...(result.out !== undefined && { out: resolve(result.out) }),
    ...(result.secretsDirectory !== undefined && { secretsDirectory: resolve(result.secretsDirectory) }),
  };
}
