/**
 * YAML text to documents with positions. What is wrong is reported; what is right of a file with errors is still
 * returned, so that everything is said at once. A file that nothing is wrong with is read in pieces, and positions
 * in it cost a second parse of their piece, when they are asked for.
 */

import { type Document, isCollection, isNode, isPair, type YAMLError } from "yaml";
import type { DiagnosticSink } from "../diagnostics/diagnostic.ts";
import { piecesOf } from "./plain.ts";
import type { SourceFile, Span } from "./span.ts";
import {
  depthExceeded,
  MAX_DEPTH,
  MAX_VALUES,
  type Plain,
  parseTrees,
  plainValue,
  valuesExceeded,
  visitBadAliases,
} from "./yaml.ts";

type Path = readonly (string | number)[];

/** One document of a file. */
export interface SourceDocument {
  readonly file: SourceFile;
  readonly value: unknown;
  readonly span: Span;
  /** Where the value at `path` stands; of its nearest ancestor that exists when it is missing. */
  spanOf(path: Path): Span;
  /** Where the key of the value at `path` stands, for what is wrong with a name. */
  keySpanOf(path: Path): Span;
}

export function parseDocuments(
  file: SourceFile,
  sink: DiagnosticSink,
  onPiece?: (end: number) => void,
): SourceDocument[] {
  const pieces = piecesOf(file, onPiece);
  // Read as a whole when there is anything to say: what is said must not depend on how the file was cut.
  if (pieces === undefined || pieces.some(({ plain }) => plain === undefined)) {
    return parseWhole(file, sink);
  }
  return pieces.flatMap(({ start, end, plain }) =>
    plain == null ? [] : [new CutDocument(file, start, end, plain)],
  );
}

/** Reads a file in one go, with all trees at hand. */
export function parseWhole(file: SourceFile, sink: DiagnosticSink): SourceDocument[] {
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
  const tooMany = valuesExceeded(file.text);
  if (tooMany !== undefined) {
    sink.report({
      code: "SL0003",
      level: "error",
      message: `${file.path} has more than ${MAX_VALUES} values, and something in it has to be read as a whole`,
      span: { file, start: tooMany, end: tooMany + 1 },
      help: "Split the file.",
    });
    return [];
  }
  const documents: SourceDocument[] = [];
  for (const document of parseTrees(file.text)) {
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
    value = plainValue(document);
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
  return {
    file,
    value,
    span,
    spanOf: (path) => find(file, file.text, document, span, path, false),
    keySpanOf: (path) => find(file, file.text, document, span, path, true),
  };
}

/** `text` is what the document was read from, of which the file may have more. */
function find(
  file: SourceFile,
  text: string,
  document: Document.Parsed,
  root: Span,
  path: Path,
  key: boolean,
): Span {
  for (let length = path.length; length > 0; length--) {
    const part = path.slice(0, length);
    const value = document.getIn(part, true);
    const named = (key && length === path.length) || isBelowItsKey(text, document, part, value);
    const node = named ? keyNode(document, part) : value;
    if (isNode(node) && node.range) {
      return { file, start: node.range[0], end: Math.max(node.range[1], node.range[0] + 1) };
    }
  }
  return root;
}

/** True when there was one. */
function reportAliases(file: SourceFile, document: Document.Parsed, sink: DiagnosticSink): boolean {
  let found = false;
  visitBadAliases(document, (name, [start, end], leadsNowhere) => {
    found = true;
    sink.report({
      code: "SL0007",
      level: "error",
      message: leadsNowhere
        ? `no anchor &${name} stands before this alias`
        : `*${name} stands inside of what it stands for`,
      span: { file, start, end },
      help: "Write the repeated part out.",
    });
  });
  return found;
}

/** A block that starts on a line after its key: what is wrong with the whole of it is looked for at the key. */
function isBelowItsKey(text: string, document: Document.Parsed, path: Path, value: unknown): boolean {
  if (!isCollection(value) || !value.range || typeof path.at(-1) !== "string") {
    return false;
  }
  const key = keyNode(document, path);
  return isNode(key) && !!key.range && text.slice(key.range[1], value.range[0]).includes("\n");
}

function keyNode(document: Document.Parsed, path: Path): unknown {
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

/** A document whose tree is made again when a position in it is asked for. */
class CutDocument implements SourceDocument {
  readonly file: SourceFile;
  readonly value: unknown;
  readonly span: Span;
  readonly #start: number;
  readonly #end: number;

  constructor(file: SourceFile, start: number, end: number, plain: Plain) {
    this.file = file;
    this.value = plain.value;
    this.span = new LazySpan(this, [], false);
    this.#start = start;
    this.#end = end;
  }

  spanOf(path: Path): Span {
    return path.length === 0 ? this.span : new LazySpan(this, path, false);
  }

  keySpanOf(path: Path): Span {
    return path.length === 0 ? this.span : new LazySpan(this, path, true);
  }

  find(path: Path, key: boolean): Span {
    const { file } = this;
    const text = file.text.slice(this.#start, this.#end);
    const tree = treeOf(this, text);
    const [start, end] = tree.contents!.range;
    const span = find(file, text, tree, { file, start, end }, path, key);
    return { file, start: span.start + this.#start, end: span.end + this.#start };
  }
}

/** Found when it is looked at: most positions never are. */
class LazySpan implements Span {
  readonly file: SourceFile;
  #how: { readonly document: CutDocument; readonly path: Path; readonly key: boolean } | undefined;
  #found: Span | undefined;

  constructor(document: CutDocument, path: Path, key: boolean) {
    this.file = document.file;
    this.#how = { document, path, key };
  }

  get start(): number {
    return this.#find().start;
  }

  get end(): number {
    return this.#find().end;
  }

  #find(): Span {
    if (this.#how !== undefined) {
      const { document, path, key } = this.#how;
      this.#found = document.find(path, key);
      this.#how = undefined;
    }
    return this.#found!;
  }
}

/** The trees that were asked for last: findings come several from one document, or in turns from two or three. */
const trees = new Map<CutDocument, Document.Parsed>();
const MAX_TREES = 16;

function treeOf(document: CutDocument, text: string): Document.Parsed {
  const tree = trees.get(document) ?? parseTrees(text)[0]!;
  trees.delete(document);
  trees.set(document, tree);
  if (trees.size > MAX_TREES) {
    trees.delete(trees.keys().next().value!);
  }
  return tree;
}
