/** One mistake is one finding, at the place where it is made. */

import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { positionAt } from "../diagnostics/position.ts";
import { parseDocuments } from "./parse.ts";

function read(text: string) {
  const found: Diagnostic[] = [];
  const documents = parseDocuments({ path: "x.yaml", text }, { report: (one) => void found.push(one) });
  return {
    values: documents.map(({ value }) => value),
    found: found.map(({ code, span }) => `${code} ${positionAt(span!.file, span!.start).line}`),
    messages: found.map(({ message }) => message),
  };
}

describe("templates", () => {
  test.each([
    ["a value", "a: 1\nname: {{ .Release.Name }}\n", 2],
    ["a value with a pipe in quotes", 'a: 1\nname: {{ .Values.name | default "x" | quote }}\n', 2],
    ["a key", "{{ .Values.key }}: 1\n", 1],
    ["a part of a key", "a: 1\nx-{{ .Values.key }}: [\n", 2],
    ["an item", "a:\n- {{ . | quote }}\n", 2],
    ["a block that is left out", "{{- if .Values.on }}\na: 1\n{{- end }}\n", 1],
    ["a loop", "a:\n{{- range .Values.hosts }}\n- {{ . }}\n{{- end }}\n", 2],
    ["a block that is put in", "a:\n  {{- include 'x.labels' . | nindent 4 }}\nb: 1\n", 2],
    ["a part of a plain value, in a broken file", "a: x.{{ .Values.domain }}\nb: [1\n", 1],
    ["quotes within quotes", 'a: "{{ .Values.x | default "y" }}"\n', 1],
    ["a template of another engine", "a: {{ variable }}\n", 1],
    ["within a list of one line", "a: [x, {{ .Values.y }}]\n", 1],
    ["JSON", '{"a": {{ .Values.x | toJson }} }', 1],
    ["the second document", "a: 1\n---\nb: {{ .Values.b }}\n", 3],
    ["over several lines", "a: {{ tpl\n  .Values.x . }}\n", 1],
  ])("%s", (_, text, line) => {
    expect(read(text).found).toEqual([`SL0017 ${line}`]);
  });

  test.each([
    ["in quotes", "a: \"{{ .x }}\"\nb: '{{ y }}'\n"],
    ["in a block", "a: |\n  {{ .x }}\n  {{- end }}\nb: >-\n  {{ y }}\n"],
    ["in a comment", "a: 1 # {{ .x }}\n# {{- if }}\n"],
    ["in a plain value", "a: up {{ $labels.instance }} down\n"],
    ["of a workflow", `a: echo $${"{{"} github.sha }}\n`],
    ["braces that are mappings", "a: {b: {c: {}}}\n"],
    ["JSON without spaces", '{"a":{"b":{"c":1}}}'],
  ])("is text: %s", (_, text) => {
    expect(read(text).found).toEqual([]);
  });

  test("text with braces is not blamed for a mistake elsewhere", () => {
    expect(read('a: "{{ .x }}"\nb: [1\n').found).toEqual(["SL0005 3"]);
  });
});

describe("a missing separator", () => {
  const service = (name: string) => `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {}\n`;

  test("between two", () => {
    const { found, messages } = read(service("a") + service("b"));
    expect(found).toEqual(["SL0016 5"]);
    expect(messages[0]).toContain("before line 5");
  });

  test("between three, behind comments, and in other orders", () => {
    const other = "# another one\nkind: Service\napiVersion: v1\nmetadata: {name: c}\n";
    expect(read(`---\n${service("a")}${service("b")}${other}`).found).toEqual(["SL0016 6", "SL0016 11"]);
  });

  test("is not what a key means that is there twice", () => {
    expect(read(`${service("a")}spec: {}\n`).found).toEqual(["SL0008 5"]);
    expect(read("apiVersion: v1\nkind: A\nkind: B\n").found).toEqual(["SL0008 3"]);
    expect(read("a: {b: 1, b: 2}\n").found).toEqual(["SL0008 1"]);
  });

  test("leaves other mistakes to be told", () => {
    expect(read(`${service("a")}${service("b")}status: {x: 1, x: 2}\n`).found).toEqual([
      "SL0016 5",
      "SL0008 9",
    ]);
  });
});

describe("JSON one behind another", () => {
  test.each([
    ["on a line each", '{"a":1}\n{"a":2}\n'],
    ["on several lines", '{\n  "a": 1\n}\n{\n  "a": 2\n}\n'],
    ["with tabs and carriage returns", '{\r\n\t"a": 1\r\n}\r\n{\r\n\t"a": 2\r\n}\r\n'],
    ["without anything between", '{"a":1}{"a":2}'],
    ["and blank lines", '\n{"a":1}\n\n\n{"a":2}\n\n'],
  ])("%s", (_, text) => {
    expect(read(text)).toMatchObject({ values: [{ a: 1 }, { a: 2 }], found: [] });
  });

  test("braces and quotes in strings are none", () => {
    expect(read('{"a":"}{\\"{"}\n{"b":"\\\\"}').values).toEqual([{ a: '}{"{' }, { b: "\\" }]);
  });

  test("of one that is broken the line is told, and the others are read", () => {
    const { values, found } = read('{"a":1}\n{"a":2\n');
    expect(values).toEqual([{ a: 1 }]);
    expect(found.length).toBeGreaterThan(0);
    const wrong = read('{"a":1}\n{"a" 2}\n{"a":3}\n');
    expect(wrong.values).toEqual([{ a: 1 }, { a: 3 }]);
    expect(wrong.found.every((one) => one.endsWith(" 2"))).toBe(true);
  });

  test("places are those of the file", () => {
    const [, second] = parseDocuments({ path: "x.json", text: '{"a":1}\n{"a":\n 2}\n' }, { report() {} });
    const { file, start } = second!.spanOf(["a"]);
    expect(positionAt(file, start)).toEqual({ line: 3, column: 2 });
  });

  test("YAML that only looks like it is read as YAML", () => {
    expect(read("{a: '} {'}\n").values).toEqual([{ a: "} {" }]);
    expect(read('{"a": 1}\n---\n{"a": 2}\n').values).toEqual([{ a: 1 }, { a: 2 }]);
  });
});

describe("marks, ends of lines and tabs", () => {
  test("a byte order mark, carriage returns, and a mark before the first `---` are nothing", () => {
    expect(read("a: 1\r\nb:\r\n- c\r\n")).toMatchObject({ values: [{ a: 1, b: ["c"] }], found: [] });
    expect(read("\ufeffa: 1\n").values).toEqual([{ a: 1 }]);
    expect(read("\ufeff---\na: 1\n").values).toEqual([{ a: 1 }]);
  });

  test.each([
    ["files that were joined with their marks", "a: 1\n\ufeff---\nb: 1\n", 2],
    ["carriage returns alone", "a: 1\rb: 2\rc: [1\r", 1],
    ["tabs on many lines", "a:\n\tb: 1\n\tc: 2\n\td: 3\n", 2],
  ])("%s are one finding", (_, text, line) => {
    expect(read(text).found).toEqual([`SL0005 ${line}`]);
  });
});
