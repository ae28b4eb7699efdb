/**
 * `sluice.yaml`: the options of a proxy in a file, under the same names as the flags, in camel case. Every mistake
 * in it is said with its line, and the near key; flags win over it.
 */

import path from "node:path";
import { closest } from "fastest-levenshtein";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { FILE_OPTIONS, type FileOptions } from "../file-options.ts";
import type { Form, GivenByForm } from "../options/kinds.ts";
import { readAtMost, whyUnreadable } from "../source/bounded.ts";
import { inspectTree } from "../source/inspect-tree.ts";
import { depthExceeded, MAX_DEPTH } from "../source/yaml.ts";
import { UsageError } from "./exit.ts";

/** Where a value stands: how to refuse it, and what a file that it names is to the program. */
interface Place {
  fail(message: string): never;
  resolve(name: string): string;
}
type Reader<T> = (node: Node, at: Place) => T;

const text: Reader<string> = (node, at) => {
  const value = isScalar(node) ? node.value : undefined;
  return typeof value === "string" || typeof value === "number"
    ? String(value)
    : at.fail("must be a string or a number");
};

const flag: Reader<boolean> = (node, at) => {
  const value = isScalar(node) ? node.value : undefined;
  return typeof value === "boolean" ? value : at.fail("must be true or false");
};

const list: Reader<string[]> = (node, at) => {
  const items = isSeq(node) ? node.items : [node];
  return items.map((item) => {
    const value = isScalar(item) ? item.value : undefined;
    return typeof value === "string" ? value : at.fail("must be a string or a list of strings");
  });
};

/** `{ 80: 8080 }` or `["80=8080"]` */
const pairs: Reader<string[]> = (node, at) => {
  if (!isMap(node)) {
    return list(node, at);
  }
  return node.items.map(({ key, value }) => {
    if (!isScalar(key) || !isScalar(value)) {
      return at.fail("must have a simple value for each key");
    }
    return `${key.value}=${value.value}`;
  });
};

const READERS: { readonly [F in Form]: Reader<GivenByForm[F]> } = {
  text,
  flag,
  pairs,
  joinedPairs: (node, at) => pairs(node, at).join(","),
  joinedTexts: (node, at) => list(node, at).join(","),
  texts: list,
  path: (node, at) => at.resolve(text(node, at)),
  paths: (node, at) => list(node, at).map(at.resolve),
};

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
    throw new UsageError(`${file}: nested more than ${MAX_DEPTH} levels deep`);
  }
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: false });
  const failAt = (offset: number, message: string): never => {
    const { line, col } = lines.linePos(offset);
    throw new UsageError(`${file}:${line}:${col}: ${message}`);
  };
  const [error] = document.errors;
  if (error !== undefined) {
    if (error.code === "MULTIPLE_DOCS") {
      failAt(error.pos[0], "only one document is allowed, but a second one starts here");
    }
    failAt(error.pos[0], error.message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, ""));
  }
  const [problem] = inspectTree(document);
  if (problem !== undefined) {
    failAt(
      problem.range[0],
      problem.kind === "duplicateKey"
        ? "duplicate key"
        : problem.kind === "halfCharacter"
          ? "an escape that is half of a surrogate pair"
          : "an alias without a matching anchor, or one that contains itself",
    );
  }
  const root = document.contents;
  if (root === null) {
    return {};
  }
  if (!isMap(root)) {
    return failAt(root.range?.[0] ?? 0, "the file must be a mapping of options");
  }
  const folder = path.dirname(file);
  const resolve = (name: string) => (name === "-" ? name : path.join(folder, name));
  const options: Record<string, unknown> = {};
  for (const pair of root.items) {
    const keyNode = pair.key as Node;
    const key = isScalar(keyNode) ? String(keyNode.value) : "";
    const start = keyNode.range?.[0] ?? 0;
    if (!isFileOption(key)) {
      return failAt(
        start,
        `unknown key "${key}"; did you mean "${closest(key, Object.keys(FILE_OPTIONS))}"?`,
      );
    }
    const value = pair.value as Node | null;
    const fail = (message: string): never => failAt(value?.range?.[0] ?? start, `${key}: ${message}`);
    const read = READERS[FILE_OPTIONS[key].kind.form];
    options[key] = value === null ? fail("has no value") : read(value, { fail, resolve });
  }
  return options;
}

function isFileOption(key: string): key is keyof typeof FILE_OPTIONS {
  return Object.hasOwn(FILE_OPTIONS, key);
}
