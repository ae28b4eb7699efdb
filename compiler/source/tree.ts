/** Nodes of a YAML tree by the path of their value. A mapping of thousands of keys is searched through once. */

import { type Document, isCollection, isMap, isPair, isScalar, type Pair, type YAMLMap } from "yaml";

type Path = readonly (string | number)[];

export function nodeAt(document: Document.Parsed, path: Path): unknown {
  let node: unknown = document.contents;
  for (const step of path) {
    if (isMap(node)) {
      node = pairOf(node, step)?.value;
    } else {
      node = isCollection(node) ? node.items[Number(step)] : undefined;
    }
  }
  return node;
}

/** The key that names the value at the path. */
export function keyAt(document: Document.Parsed, path: Path): unknown {
  const parent = nodeAt(document, path.slice(0, -1));
  return isMap(parent) ? pairOf(parent, path.at(-1)!)?.key : undefined;
}

/** Smaller ones are as quickly searched as indexed. */
const INDEXED_FROM = 50;
const indexes = new WeakMap<YAMLMap, Map<string, Pair>>();

function pairOf(map: YAMLMap, key: string | number): Pair | undefined {
  const name = String(key);
  if (map.items.length < INDEXED_FROM) {
    return map.items.find((pair) => isPair(pair) && nameOf(pair) === name);
  }
  let index = indexes.get(map);
  if (index === undefined) {
    index = new Map();
    for (const pair of map.items) {
      if (!index.has(nameOf(pair))) {
        index.set(nameOf(pair), pair);
      }
    }
    indexes.set(map, index);
  }
  return index.get(name);
}

function nameOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value ?? "") : "";
}
