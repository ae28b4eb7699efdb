/**
 * From a place in a text back to the field that stands there. Findings carry places, since people look at files; who reads
 * objects of Kubernetes sees no file, and is told the field.
 */

import { type Document, isCollection, isMap, isNode, isPair, isScalar } from "yaml";
import type { SourceFile, Span } from "../diagnostics/span.ts";
import type { FieldPath } from "./field-path.ts";
import { parseTrees } from "./yaml.ts";

/**
 * Answers, for places of one text, which field of its document stands there: the one whose key or value begins at the place, or
 * else the innermost around it; `[]` is the document itself. The text is parsed once, however many places are asked for.
 */
export function fieldsOf({ text }: SourceFile): (span: Pick<Span, "start" | "end">) => FieldPath {
  const trees = parseTrees(text);
  return (span) => {
    const tree = trees.find(({ contents }) => isAround(contents, span.start));
    return tree === undefined ? [] : pathTo(tree, span);
  };
}

/** As Kubernetes writes fields: `spec.http[0].match[1].uri`, items from 0, keys with other characters in brackets. */
export function kubernetesField(path: FieldPath): string {
  return path
    .map((part, i) => {
      if (typeof part === "number") {
        return `[${part}]`;
      }
      return /^[\w-]+$/.test(part) ? `${i === 0 ? "" : "."}${part}` : `[${part}]`;
    })
    .join("");
}

function pathTo({ contents }: Document.Parsed, { start, end }: Pick<Span, "start" | "end">): FieldPath {
  const path: (string | number)[] = [];
  let node: unknown = contents;
  while (isCollection(node)) {
    // A mapping begins where its first key does: only its end tells which of the two is meant.
    if (path.length > 0 && node.range?.[0] === start && end >= node.range[1]) {
      return path;
    }
    const step: Step | undefined = isMap(node) ? stepOfMap(node.items, start) : stepOfList(node.items, start);
    if (step === undefined) {
      return path;
    }
    path.push(step.name);
    if (step.isKey) {
      return path;
    }
    node = step.value;
  }
  return path;
}

interface Step {
  readonly name: string | number;
  readonly value: unknown;
  readonly isKey: boolean;
}

function stepOfMap(items: readonly unknown[], start: number): Step | undefined {
  for (const pair of items) {
    if (isPair(pair) && (isAround(pair.key, start) || isAround(pair.value, start))) {
      const name = isScalar(pair.key) ? String(pair.key.value) : "";
      return { name, value: pair.value, isKey: isAround(pair.key, start) };
    }
  }
  return undefined;
}

function stepOfList(items: readonly unknown[], start: number): Step | undefined {
  const index = items.findIndex((item) => isAround(item, start));
  return index < 0 ? undefined : { name: index, value: items[index], isKey: false };
}

function isAround(node: unknown, offset: number): boolean {
  return (
    isNode(node) &&
    !!node.range &&
    node.range[0] <= offset &&
    offset < Math.max(node.range[1], node.range[0] + 1)
  );
}
