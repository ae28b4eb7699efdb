/** What is read in pieces, with positions found later, is what is read in one go with all trees at hand. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { withRecordedCorpus } from "../../test/harness/recorded.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { SourceFile } from "../diagnostics/span.ts";
import { packageRoot } from "../platform/package-root.ts";
import type { FieldPath } from "./field-path.ts";
import { parseDocuments, parseWhole, type SourceDocument } from "./parse.ts";
import { SourceCache } from "./plain.ts";
import { splitDocuments } from "./split.ts";

const ROOT = packageRoot().directory;
/** Rules as people write them. */
const OWN = readdirSync(path.join(ROOT, "envoy"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".yaml"))
  .sort();

function plainly(parse: typeof parseDocuments, file: SourceFile): unknown {
  const diagnostics: Diagnostic[] = [];
  const documents = parse(file, { report: (diagnostic) => diagnostics.push(diagnostic) });
  return {
    documents: documents.map((document) => ({
      value: document.value,
      span: [document.span.start, document.span.end],
      positions: positions(document),
    })),
    diagnostics: diagnostics.map(({ code, message, span }) => [code, message, span?.start, span?.end]),
  };
}

/** Of every value and every key, of one key that is missing, and of what would be inside of a value. */
function positions(document: SourceDocument): unknown[] {
  const found: unknown[] = [];
  const visit = (value: unknown, at: FieldPath) => {
    for (const span of [
      document.spanOf(at),
      document.keySpanOf(at),
      document.spanOf([...at, "missing", 1]),
    ]) {
      expect(span.file).toBe(document.file);
      found.push([span.start, span.end]);
    }
    if (typeof value === "object" && value !== null) {
      for (const [key, child] of Object.entries(value)) {
        visit(child, [...at, Array.isArray(value) ? Number(key) : key]);
      }
    }
  };
  visit(document.value, []);
  return found;
}

function same(text: string): void {
  const file = { path: "x.yaml", text };
  expect(plainly(parseDocuments, file)).toEqual(plainly(parseWhole, file));
}

function sameWithError(text: string): void {
  same(text);
  same(`${text.slice(0, text.length / 2)}\n"open: [\n${text.slice(text.length / 2)}`);
}

const BETWEEN = [
  ["nothing", ""],
  ["one document", "a: 1\n"],
  ["a comment before the first", "# one\n---\na: 1\n---\nb: 2\n"],
  ["empty documents", "---\n---\n# nothing\n---\na: 1\n---"],
  ["Windows' line ends", "a: 1\r\n---\r\nb: 2\r\n"],
  ["comments behind the marker", "--- # one\na: 1\n---\t# two\nb: 2\n"],
  ["content behind the marker", "--- {a: 1}\n--- [2]\n"],
  ["a marker in a block of text", "a: |\n  ---\n  x\n---\nb: |\n ---\n"],
  ["text at the root that looks like a marker", "|\n---\n x\n"],
  ["directives", "%YAML 1.2\n---\na: on\n...\n%YAML 1.1\n---\na: on\n"],
  ["a tag's directive", "%TAG !e! tag:example.com,2000:\n---\na: !e!x 1\n"],
  ["an end", "a: 1\n...\n---\nb: 2\n"],
  ["a byte order mark", "\ufeffa: 1\n---\nb: 2\n"],
  ["one in the middle", "a: 1\n---\n\ufeffb: 2\n"],
  ["quotes that stay open", 'a: "x\n---\nb: y"\n---\nc: 3\n'],
  ["brackets that stay open", "a: [1,\n---\n2]\n"],
  ["a key given twice", "a: 1\n---\nb: 1\nb: 2\n---\nc: 3\n"],
  ["an anchor of another document", "a: &x 1\n---\nb: *x\n"],
  ["aliases and merges", "a: &x {b: 1}\nc: {<<: *x, d: *x}\n---\ne: 1\n"],
  ["values that JSON has not", "a: [.inf, -.inf, -0, -0.0, 1e999, 0x10, 0o7, 010]\n"],
  ["keys that are no text", "1: a\non: b\n~: c\n__proto__: d\n? [x]\n: e\n"],
  ["no mapping", "- 1\n---\ntext\n---\na: 1\n"],
  ["what looks like a line's start, but is none", "a: x\u2028---\u2028b\n---\nc: y\r---\rd\n"],
] as const;

describe("in pieces as in one go", () => {
  test.each(BETWEEN)("%s", (_name, text) => same(text));

  test.each(OWN)("%s, and with an error in it", (file) => {
    sameWithError(readFileSync(path.join(ROOT, "envoy", file), "utf8"));
  });

  withRecordedCorpus("the corpus, and each file with an error in it", (files) => {
    test("the corpus, and each file with an error in it", () => {
      for (const [, text] of files) {
        sameWithError(text);
      }
    }, 600_000);
  });
});

test("brackets that stay open in comments do not add up", () => {
  const text = "# [\na: 1\n---\n".repeat(200);
  const diagnostics: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => diagnostics.push(diagnostic) };
  expect(parseWhole({ path: "x.yaml", text }, sink)).toHaveLength(200);
  expect(diagnostics).toEqual([]);
});

test("a document that did not change keeps its value, wherever it stands now", () => {
  const cache = new SourceCache();
  const read = (text: string) =>
    cache.piecesOf({ path: "kept.yaml", text })?.map(({ plain }) => plain?.value);
  const [, second] = read("a: 1\n---\nb: 2\n---\nc: 3\n")!;
  const after = read("a: 1\n---\nx: 1\n---\nb: 2\n---\nc: 3\n")!;
  expect(after[2]).toBe(second);
  expect(after[1]).toEqual({ x: 1 });
});

test("every piece but the first begins at a marker", () => {
  expect(splitDocuments("a\n---\nb\n---\n")).toEqual([0, 2, 8]);
  expect(splitDocuments("---\na\n----\n")).toEqual([0]);
});

test("positions in a document of millions of lines are its beginning, without a tree of them all", () => {
  const text = `# one\n---\na: {b: 1}\n${"\n".repeat(3_000_000)}`;
  const [document] = parseDocuments({ path: "a.yaml", text }, { report() {} });
  expect(document!.value).toEqual({ a: { b: 1 } });
  expect(document!.spanOf(["a", "b"]).start).toBe(text.indexOf("a: "));
});
