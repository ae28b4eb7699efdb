/**
 * YAML text to documents with positions. What is wrong is reported; what is right of a file with errors is still
 * returned, so that everything is said at once. A file that nothing is wrong with is read in pieces, and positions
 * in it cost a second parse of their piece, when they are asked for.
 */

import { type Document, isCollection, isMap, isNode, type YAMLError } from "yaml";
import type { Diagnostic, DiagnosticSink } from "../diagnostics/diagnostic.ts";
import { positionAt } from "../diagnostics/position.ts";
import type { SourceFile, Span } from "../diagnostics/span.ts";
import { inspectTree, type TreeProblem } from "./inspect-tree.ts";
import { jsonObjects } from "./json-stream.ts";
import { keysAfterMissingSeparators } from "./missing-separator.ts";
import { SourceCache } from "./plain.ts";
import { causeOf, templateFinding } from "./syntax-cause.ts";
import { keyAt, nodeAt } from "./tree.ts";
import {
  depthExceeded,
  MAX_DEPTH,
  MAX_VALUES,
  type Plain,
  parseTrees,
  plainValue,
  valuesExceeded,
} from "./yaml.ts";

type Path = readonly (string | number)[];

/** One document of a file. */
export interface SourceDocument {
  readonly file: SourceFile;
  readonly value: unknown;
  /** Where it begins, roughly and at no cost: a position would have to be looked for. */
  readonly offset: number;
  readonly span: Span;
  /** Where the value at `path` stands; of its nearest ancestor that exists when it is missing. */
  spanOf(path: Path): Span;
  /** Where the key of the value at `path` stands, for what is wrong with a name. */
  keySpanOf(path: Path): Span;
}

export function parseDocuments(
  file: SourceFile,
  sink: DiagnosticSink,
  /** Of whoever reads the same files again. */
  cache: SourceCache = new SourceCache(),
  onPiece?: (end: number) => void,
): SourceDocument[] {
  const pieces = cache.piecesOf(file, onPiece);
  // Read as a whole when there is anything to say: what is said must not depend on how the file was cut.
  const isWhole = pieces === undefined || pieces.some(({ plain }) => plain === undefined);
  if (isWhole || templateFinding(file, false) !== undefined) {
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
      message: `the input is nested more than ${MAX_DEPTH} levels deep`,
      span: { file, start: tooDeep, end: tooDeep + 1 },
    });
    return [];
  }
  const tooMany = valuesExceeded(file.text);
  if (tooMany !== undefined) {
    sink.report({
      code: "SL0003",
      level: "error",
      message: `${file.path} has more than ${MAX_VALUES} values, the most that can be read at once`,
      span: { file, start: tooMany, end: tooMany + 1 },
      help: "Split the file into several.",
    });
    return [];
  }
  const template = templateFinding(file, false);
  if (template !== undefined) {
    sink.report(template);
    return [];
  }
  const parts = partsOf(file);
  const trees = parts.flatMap((part) => parseTrees(part.text).map((tree) => ({ part, tree })));
  const cause = causeOf(
    file,
    trees.flatMap(({ tree }) => tree.errors),
  );
  if (cause !== undefined) {
    sink.report(cause);
    return [];
  }
  const documents: SourceDocument[] = [];
  const few = new FirstFew(sink);
  for (const { part, tree } of trees) {
    for (const error of tree.errors) {
      few.report(syntaxError(part, error));
    }
    if (tree.errors.length > 0 || tree.contents === null) {
      continue;
    }
    const read = readDocument(part, tree, few);
    // A `---` with nothing behind it.
    if (read !== undefined && read.value !== null) {
      documents.push(read);
    }
  }
  few.end();
  return documents;
}

/** A text that is parsed by itself, and where it stands in its file. */
interface Part {
  readonly file: SourceFile;
  readonly text: string;
  readonly offset: number;
}

/** The whole file, but for objects of JSON, which YAML does not allow one behind another. */
function partsOf(file: SourceFile): Part[] {
  const starts = jsonObjects(file.text) ?? [0];
  return starts.map((offset, i) => ({ file, text: file.text.slice(offset, starts[i + 1]), offset }));
}

function spanIn({ file, offset }: Part, [start, end]: readonly [number, number, ...unknown[]]): Span {
  return { file, start: offset + start, end: offset + Math.max(end, start + 1) };
}

function readDocument(
  part: Part,
  document: Document.Parsed,
  sink: DiagnosticSink,
): SourceDocument | undefined {
  const { file, text, offset } = part;
  const root: Span = {
    file,
    start: offset + document.contents!.range[0],
    end: offset + document.contents!.range[1],
  };
  const found = problemsOf(part, document);
  for (const problem of found) {
    sink.report(problem);
  }
  if (found.length > 0) {
    return undefined;
  }
  let value: unknown;
  try {
    value = plainValue(document);
  } catch (error) {
    // A merge of what is no mapping.
    sink.report({
      code: "SL0005",
      level: "error",
      message: `invalid YAML: ${error instanceof Error ? error.message : String(error)}`,
      span: root,
    });
    return undefined;
  }
  const spanOf = (path: Path, key: boolean) => {
    const range = find(text, document, path, key);
    return range === undefined ? root : spanIn(part, range);
  };
  return {
    file,
    value,
    offset: root.start,
    span: root,
    spanOf: (path) => spanOf(path, false),
    keySpanOf: (path) => spanOf(path, true),
  };
}

/** What is wrong with a tree. Where a separator is missing, keys that are there twice are not worth a word. */
function problemsOf(part: Part, document: Document.Parsed): Diagnostic[] {
  const problems = inspectTree(document);
  const isTwice = problems.some(({ kind }) => kind === "duplicateKey");
  const starts = isTwice ? keysAfterMissingSeparators(document) : [];
  if (starts.length === 0) {
    return problems.map((problem) => treeError(part, problem));
  }
  const keys = outermostKeys(document);
  return [
    ...starts.map((key): Diagnostic => {
      const span = spanIn(part, key.range!);
      const { line } = positionAt(part.file, span.start);
      return {
        code: "SL0016",
        level: "error",
        message: `a \`---\` is missing before line ${line}: another resource begins there`,
        span,
        help: "Put a line with three hyphens between the two.",
      };
    }),
    ...problems
      .filter(({ kind, range }) => kind !== "duplicateKey" || !keys.has(range[0]))
      .map((problem) => treeError(part, problem)),
  ];
}

/** Where the keys of the outermost mapping begin. */
function outermostKeys({ contents }: Document.Parsed): Set<number | undefined> {
  const keys = isMap(contents) ? contents.items.map(({ key }) => key) : [];
  return new Set(keys.map((key) => (isNode(key) ? key.range?.[0] : undefined)));
}

/** Where the value at the path stands in the text, or its nearest ancestor; undefined for the whole document. */
function find(
  text: string,
  document: Document.Parsed,
  path: Path,
  key: boolean,
): readonly [number, number, ...unknown[]] | undefined {
  for (let length = path.length; length > 0; length--) {
    const part = path.slice(0, length);
    const value = nodeAt(document, part);
    const named = (key && length === path.length) || isBelowItsKey(text, document, part, value);
    const node = named ? keyAt(document, part) : value;
    if (isNode(node) && node.range) {
      return node.range;
    }
  }
  return undefined;
}

/** A block that starts on a line after its key: what is wrong with the whole of it is looked for at the key. */
function isBelowItsKey(text: string, document: Document.Parsed, path: Path, value: unknown): boolean {
  if (!isCollection(value) || !value.range || typeof path.at(-1) !== "string") {
    return false;
  }
  const key = keyAt(document, path);
  return isNode(key) && !!key.range && text.slice(key.range[1], value.range[0]).includes("\n");
}

function syntaxError(part: Part, { message, pos }: YAMLError): Diagnostic {
  return { code: "SL0005", level: "error", message: `invalid YAML: ${message}`, span: spanIn(part, pos) };
}

function treeError(part: Part, problem: TreeProblem): Diagnostic {
  const span = spanIn(part, problem.range);
  switch (problem.kind) {
    case "duplicateKey":
      return {
        code: "SL0008",
        level: "error",
        message: "duplicate key",
        span,
        help: "Keep one of them.",
      };
    case "halfCharacter":
      return {
        code: "SL0005",
        level: "error",
        message: "invalid YAML: an escape that is half of a surrogate pair",
        span,
      };
    case "unknownAlias":
      return aliasError(`unknown anchor "${problem.name}"; an anchor must come before its alias`, span);
    case "aliasOfItself":
      return aliasError(`the alias *${problem.name} refers to itself`, span);
    case "tooManyAliases":
      return aliasError(`the document has more than ${problem.most} aliases`, span);
    case "tooMuchByAliases":
      return aliasError(`the aliases of the document expand to more than ${problem.most} values`, span);
  }
}

function aliasError(message: string, span: Span): Diagnostic {
  return { code: "SL0007", level: "error", message, span, help: "Write out the repeated parts." };
}

/** One slip early in a file may make an error of each line behind it: they are told up to a number, then counted. */
class FirstFew implements DiagnosticSink {
  static readonly MOST = 20;
  readonly #sink: DiagnosticSink;
  #last: Diagnostic | undefined;
  #count = 0;

  constructor(sink: DiagnosticSink) {
    this.#sink = sink;
  }

  report(diagnostic: Diagnostic): void {
    this.#count += 1;
    if (this.#count < FirstFew.MOST) {
      this.#sink.report(diagnostic);
    } else {
      this.#last ??= diagnostic;
    }
  }

  end(): void {
    if (this.#last === undefined) {
      return;
    }
    const more = this.#count - FirstFew.MOST;
    const help = `The file has ${more} more YAML errors, which may all follow from this one.`;
    this.#sink.report(more === 0 ? this.#last : { ...this.#last, help });
  }
}

/** A document whose tree is made again when a position in it is asked for. */
class CutDocument implements SourceDocument {
  readonly file: SourceFile;
  readonly value: unknown;
  readonly span: Span;
  readonly offset: number;
  readonly #end: number;

  constructor(file: SourceFile, start: number, end: number, plain: Plain) {
    this.file = file;
    this.value = plain.value;
    this.span = new LazySpan(this, [], false);
    this.offset = start;
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
    const text = file.text.slice(this.offset, this.#end);
    const tree = treeOf(this, text);
    if (typeof tree === "number") {
      const start = this.offset + tree;
      return { file, start, end: start + 1 };
    }
    const part = { file, text, offset: this.offset };
    return spanIn(part, find(text, tree, path, key) ?? tree.contents!.range);
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

/** Neither a marker nor a comment. */
const FIRST_VALUE = /^(?!---|#)[^\s#]/m;

/** The trees that were asked for last: findings come several from one document, or in turns from two or three. */
const trees = new Map<CutDocument, Document.Parsed | number>();
const MAX_TREES = 16;

/** The offset where a document begins, instead, if it has millions of values or lines: the tree of those takes all memory. */
function treeOf(document: CutDocument, text: string): Document.Parsed | number {
  const tree =
    trees.get(document) ??
    (valuesExceeded(text) === undefined ? parseTrees(text)[0]! : Math.max(0, text.search(FIRST_VALUE)));
  trees.delete(document);
  trees.set(document, tree);
  if (trees.size > MAX_TREES) {
    trees.delete(trees.keys().next().value!);
  }
  return tree;
}
