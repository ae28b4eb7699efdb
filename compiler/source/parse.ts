/**
 * YAML text to documents with positions, read as Kubernetes reads it: YAML 1.1 scalars (an unquoted `on` is a
 * boolean), but no timestamps or other types that JSON has not. What is wrong is reported; what is right of a
 * file with errors is still returned, so that everything is said at once.
 */

import { type Document, isNode, isPair, parseAllDocuments, type Tags, visit, type YAMLError } from "yaml";
import type { DiagnosticSink } from "../diagnostics/diagnostic.ts";
import type { SourceFile, Span } from "./span.ts";

/** One document of a file. */
export interface SourceDocument {
  readonly file: SourceFile;
  readonly value: unknown;
  readonly span: Span;
  /** Where the value at `path` stands; of its nearest ancestor that exists when it is missing. */
  spanOf(path: readonly (string | number)[]): Span;
  /** Where the key of the value at `path` stands, for what is wrong with a name. */
  keySpanOf(path: readonly (string | number)[]): Span;
}

/** Aliases are resolved up to so many nodes in all: more is a bomb, not a configuration. */
const MAX_ALIAS_COUNT = 1000;
/** Levels; deeper input is refused before the parser recurses into it. */
const MAX_DEPTH = 100;
/** Types of YAML 1.1 that JSON has not; Kubernetes reads them as strings or not at all. */
const FOREIGN_TAGS = new Set(["timestamp", "binary", "set", "omap", "pairs"]);

/**
 * Numbers as go-yaml writes them, which needs a digit before the exponent and beside the point: YAML 1.1 itself would
 * read `.` (an `exportTo`) and `e2` (a label) as numbers that are none.
 */
const FLOAT = /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/;
const FLOAT_EXP = /^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)[eE][-+]?[0-9]+$/;

function asKubernetesReads(tag: Tags[number]): Tags[number] {
  if (typeof tag === "string" || tag.collection !== undefined || !tag.tag.endsWith(":float")) {
    return tag;
  }
  if (tag.format === "EXP") {
    return { ...tag, test: FLOAT_EXP };
  }
  // The other two are infinities and what is no number, which hold letters, and plain ones.
  return tag.test?.test("1.5") === true ? { ...tag, test: FLOAT } : tag;
}

/** Sexagesimal numbers (`1:30`) have the tag of the decimal ones, and only their format tells them apart. */
function isForeign(tag: Exclude<Tags[number], string>): boolean {
  const isTime = "format" in tag && tag.format === "TIME";
  return isTime || FOREIGN_TAGS.has(tag.tag.replace(/^.*:/, ""));
}

export function parseDocuments(file: SourceFile, sink: DiagnosticSink): SourceDocument[] {
  const tooDeep = depthExceeded(file.text);
  if (tooDeep !== undefined) {
    sink.report({
      code: "SL0006",
      level: "error",
      message: `the input nests deeper than ${MAX_DEPTH} levels`,
      span: { file, start: tooDeep, end: tooDeep + 1 },
    });
    return [];
  }
  const documents: SourceDocument[] = [];
  for (const document of parseAllDocuments(file.text, {
    version: "1.1",
    merge: true,
    prettyErrors: false,
    logLevel: "error",
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === "string" || !isForeign(tag)).map(asKubernetesReads),
  }) as Document.Parsed[]) {
    for (const error of document.errors) report(file, error, sink);
    if (document.errors.length > 0 || document.contents === null) continue;
    const read = readDocument(file, document, sink);
    // A `---` with nothing behind it.
    if (read !== undefined && read.value !== null) documents.push(read);
  }
  return documents;
}

function readDocument(
  file: SourceFile,
  document: Document.Parsed,
  sink: DiagnosticSink,
): SourceDocument | undefined {
  const range = document.contents!.range;
  const span: Span = { file, start: range[0], end: range[1] };
  if (reportAliases(file, document, sink)) {
    return undefined;
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    sink.report({
      code: "SL0007",
      level: "error",
      message: error instanceof Error ? error.message : String(error),
      span,
      help: "Write the repeated parts out, or use fewer aliases.",
    });
    return undefined;
  }
  const find = (path: readonly (string | number)[], key: boolean): Span => {
    for (let length = path.length; length > 0; length--) {
      const part = path.slice(0, length);
      const node = key && length === path.length ? keyNode(document, part) : document.getIn(part, true);
      if (isNode(node) && node.range) {
        return { file, start: node.range[0], end: Math.max(node.range[1], node.range[0] + 1) };
      }
    }
    return span;
  };
  return {
    file,
    value,
    span,
    spanOf: (path) => find(path, false),
    keySpanOf: (path) => find(path, true),
  };
}

/** Aliases that lead nowhere or back to themselves; true when there was one. */
function reportAliases(file: SourceFile, document: Document.Parsed, sink: DiagnosticSink): boolean {
  let found = false;
  visit(document, {
    Alias(_key, alias, parents) {
      const source = alias.resolve(document);
      if (source !== undefined && !parents.includes(source)) {
        return;
      }
      found = true;
      const [start, end] = alias.range ?? [0, 1];
      sink.report({
        code: "SL0007",
        level: "error",
        message:
          source === undefined
            ? `no anchor &${alias.source} stands before this alias`
            : `*${alias.source} stands inside of what it stands for`,
        span: { file, start, end },
        help: "Write the repeated part out.",
      });
    },
  });
  return found;
}

function keyNode(document: Document.Parsed, path: readonly (string | number)[]): unknown {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const items = (parent as { items?: unknown[] } | null)?.items ?? [];
  for (const item of items) {
    if (isPair(item) && String((item.key as { value?: unknown } | null)?.value) === String(path.at(-1))) {
      return item.key;
    }
  }
  return undefined;
}

function report(file: SourceFile, error: YAMLError, sink: DiagnosticSink): void {
  const duplicate = error.code === "DUPLICATE_KEY";
  sink.report({
    code: duplicate ? "SL0008" : "SL0005",
    level: "error",
    message: duplicate ? "this key is given twice" : `not YAML: ${error.message}`,
    span: { file, start: error.pos[0], end: Math.max(error.pos[1], error.pos[0] + 1) },
    ...(duplicate ? { help: "Keep one of them." } : {}),
  });
}

/** The offset at which brackets, `- - -` or indentation open one level too many. */
function depthExceeded(text: string): number | undefined {
  /** Columns at which the enclosing blocks begin. */
  const blocks: number[] = [];
  let brackets = 0;
  let column = 0;
  /** Before the first character of a line that is neither space nor a list's dash. */
  let leading = true;
  for (let i = 0; i < text.length; i++, column++) {
    const char = text.charCodeAt(i);
    if (char === 0x0a) {
      column = -1;
      leading = true;
    } else if (char === 0x5b || char === 0x7b) brackets++;
    else if ((char === 0x5d || char === 0x7d) && brackets > 0) brackets--;
    if (leading && char > 0x20) {
      while (blocks.length > 0 && blocks[blocks.length - 1]! >= column) blocks.pop();
      blocks.push(column);
      leading = char === 0x2d || char === 0x3f;
    }
    if (brackets > MAX_DEPTH || blocks.length > MAX_DEPTH) return i;
  }
  return undefined;
}
