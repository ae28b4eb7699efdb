/**
 * How YAML is read here, as Kubernetes reads it: YAML 1.1 scalars (an unquoted `on` is a boolean), but no timestamps
 * or other types that JSON has not. It knows nothing of files and diagnostics.
 */

import { Document, parseAllDocuments, type Tags } from "yaml";
import { inspectTree } from "./inspect-tree.ts";
import { readTame, WILD } from "./tame.ts";

/** Levels; deeper input is refused before the parser recurses into it. */
export const MAX_DEPTH = 100;
/** Types of YAML 1.1 that JSON has not; Kubernetes reads them as strings or not at all. */
const FOREIGN_TAGS = new Set(["timestamp", "binary", "set", "omap", "pairs"]);

/**
 * Numbers as go-yaml writes them, which needs a digit before the exponent and beside the point: YAML 1.1 itself would
 * read `.` (an `exportTo`) and `e2` (a label) as numbers that are none.
 */
const FLOAT = /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/;
const FLOAT_EXP = /^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)[eE][-+]?[0-9]+$/;

const OPTIONS = {
  version: "1.1",
  merge: true,
  // Both are looked for by `inspectTree`, in one walk.
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: "error",
  customTags: (tags: Tags): Tags =>
    tags.filter((tag) => typeof tag === "string" || !isForeign(tag)).map(asKubernetesReads),
} as const;

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

export function parseTrees(text: string): Document.Parsed[] {
  // The parser makes an Error of each mistake. Nobody looks at their stacks, which cost more than all the rest.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return parseAllDocuments(text, OPTIONS) as Document.Parsed[];
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Of a tree that `inspectTree` finds nothing in. */
export function plainValue(document: Document.Parsed): unknown {
  return document.toJS({ maxAliasCount: -1 });
}

/** What is left of a piece of a file when its tree is gone. */
export interface Plain {
  readonly value: object;
}

/** Making one for each document would cost as much as parsing it. */
let schema: Document["schema"] | undefined;

/**
 * The value of a piece that holds one document and no directives: `null` when there is nothing in it, `undefined`
 * when there is anything to say of it, or anything that reaches beyond it.
 */
export function parsePlain(text: string): Plain | null | undefined {
  const tame = readTame(text, readPlain);
  if (tame !== WILD) {
    return tame === null ? null : { value: tame as object };
  }
  if (depthExceeded(text) !== undefined || valuesExceeded(text) !== undefined) {
    return undefined;
  }
  schema ??= new Document(undefined, OPTIONS).schema;
  const documents = parseAllDocuments(text, { ...OPTIONS, schema }) as Document.Parsed[];
  const [document] = documents;
  if (document === undefined) {
    return null;
  }
  if (documents.length > 1 || document.errors.length > 0) {
    return undefined;
  }
  if (document.contents === null) {
    return null;
  }
  if (inspectTree(document).length > 0) {
    return undefined;
  }
  try {
    const value = plainValue(document);
    if (value === null) {
      return null;
    }
    // A piece that is no mapping is no resource, and may be the rest of what began before the cut.
    if (typeof value !== "object" || Array.isArray(value)) {
      return undefined;
    }
    return { value };
  } catch {
    return undefined;
  }
}

/** What words and numbers mean; there are few different ones, in many places. */
const meanings = new Map<string, unknown>();
const MAX_MEANINGS = 10_000;

function readPlain(text: string): unknown {
  let meaning = meanings.get(text);
  if (meaning === undefined) {
    [meaning] = plainValue(parseTrees(`- ${text}`)[0]!) as [unknown];
    if (meanings.size >= MAX_MEANINGS) {
      meanings.clear();
    }
    meanings.set(text, meaning);
  }
  return meaning;
}

/** Values that a parser may make of a text; each takes some hundred bytes, and millions of them all memory. */
export const MAX_VALUES = 2_000_000;

/** The offset at which a text has more values than are read, by the characters that part them. */
export function valuesExceeded(text: string): number | undefined {
  let values = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char !== 0x2c && char !== 0x0a && char !== 0x3a && char !== 0x5b && char !== 0x7b) {
      continue;
    }
    values += 1;
    if (values > MAX_VALUES) {
      return i;
    }
  }
  return undefined;
}

/** The offset at which brackets, `- - -` or indentation open one level too many. */
export function depthExceeded(text: string): number | undefined {
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
      // A document's end closes what is still open, be it only a bracket of a comment.
      if (text.startsWith("---", i + 1) && " \t\r\n".includes(text.charAt(i + 4))) {
        brackets = 0;
      }
    } else if (char === 0x5b || char === 0x7b) {
      brackets++;
    } else if ((char === 0x5d || char === 0x7d) && brackets > 0) {
      brackets--;
    }
    if (leading && char > 0x20) {
      while (blocks.length > 0 && blocks[blocks.length - 1]! >= column) {
        blocks.pop();
      }
      blocks.push(column);
      leading = char === 0x2d || char === 0x3f;
    }
    if (brackets > MAX_DEPTH || blocks.length > MAX_DEPTH) {
      return i;
    }
  }
  return undefined;
}
