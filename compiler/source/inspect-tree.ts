/**
 * What is wrong with a tree though it is YAML: keys that are there twice, halves of characters, aliases that lead nowhere or into themselves, and
 * aliases that stand for more than anybody could have meant. One walk, linear in the text: the parser's own searches
 * compare each key with each other one, and look each alias up in the whole document.
 */

import { type Document, isAlias, isCollection, isMap, isNode, isPair, isScalar, type Node } from "yaml";

export type TreeProblem =
  | { readonly kind: "duplicateKey" | "halfCharacter"; readonly range: Range }
  | { readonly kind: "unknownAlias" | "aliasOfItself"; readonly name: string; readonly range: Range }
  | { readonly kind: "tooManyAliases"; readonly most: number; readonly range: Range }
  | { readonly kind: "tooMuchByAliases"; readonly most: number; readonly range: Range };

type Range = readonly [start: number, end: number];

/** Each is looked up among all of them. */
const MAX_ALIASES = 10_000;
/** Nodes that all aliases together stand for: more is a bomb, not a configuration. */
const MAX_ALIASED_NODES = 200_000;

export function inspectTree(document: Document.Parsed): TreeProblem[] {
  const inspection = new Inspection();
  inspection.sizeOf(document.contents);
  return inspection.problems;
}

class Inspection {
  readonly problems: TreeProblem[] = [];
  /** By name, the last one so far. */
  readonly #anchors = new Map<string, Node>();
  /** Nodes that with what their aliases stand for; absent while the walk is inside of the node. */
  readonly #sizes = new Map<Node, number>();
  #aliases = 0;
  #aliasedNodes = 0;

  /** How many nodes it stands for. */
  sizeOf(node: unknown): number {
    if (isAlias(node)) {
      return this.#sizeOfAlias(node.source, rangeOf(node));
    }
    if (isPair(node)) {
      return this.sizeOf(node.key) + this.sizeOf(node.value);
    }
    if (!isNode(node)) {
      return 0;
    }
    if (node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node);
    }
    let size = 1;
    // "\ud800" in quotes, which no text has: it could be neither written nor compared.
    if (isScalar(node) && typeof node.value === "string" && /\p{Surrogate}/u.test(node.value)) {
      this.problems.push({ kind: "halfCharacter", range: rangeOf(node) });
    }
    if (isCollection(node)) {
      if (isMap(node)) {
        this.#findDuplicates(node.items);
      }
      for (const item of node.items) {
        size += this.sizeOf(item);
      }
    }
    if (node.anchor !== undefined) {
      this.#sizes.set(node, size);
    }
    return size;
  }

  #sizeOfAlias(name: string, range: Range): number {
    this.#aliases += 1;
    if (this.#aliases === MAX_ALIASES + 1) {
      this.problems.push({ kind: "tooManyAliases", most: MAX_ALIASES, range });
    }
    const target = this.#anchors.get(name);
    const size = target && this.#sizes.get(target);
    if (size === undefined) {
      this.problems.push({ kind: target ? "aliasOfItself" : "unknownAlias", name, range });
      return 1;
    }
    const before = this.#aliasedNodes;
    this.#aliasedNodes += size;
    if (before <= MAX_ALIASED_NODES && this.#aliasedNodes > MAX_ALIASED_NODES) {
      this.problems.push({ kind: "tooMuchByAliases", most: MAX_ALIASED_NODES, range });
    }
    return size;
  }

  #findDuplicates(items: readonly { readonly key: unknown }[]): void {
    const seen = new Set<string>();
    for (const { key } of items) {
      if (!isScalar(key)) {
        continue;
      }
      // As an object's: 1 and "1" are one name. The merge key is read as a symbol, another one each time.
      const name = typeof key.value === "symbol" ? "<<" : String(key.value ?? "");
      if (seen.has(name)) {
        this.problems.push({ kind: "duplicateKey", range: rangeOf(key as Node) });
      }
      seen.add(name);
    }
  }
}

function rangeOf({ range }: Node): Range {
  return range ? [range[0], range[1]] : [0, 1];
}
