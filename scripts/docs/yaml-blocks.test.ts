/** YAML in documents is of the shape that it claims: rules, cases, options, inputs of the action, hooks. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { check, jsonSchema, texts } from "../../compiler/index.ts";
import { callProblem } from "./call-problem.ts";
import { type CodeBlock, codeBlocksOf, PAGES_WITH_CODE } from "./code-blocks.ts";
import { ROOT } from "./site-pages.ts";

const BLOCKS = PAGES_WITH_CODE.flatMap(codeBlocksOf);
const blocks = BLOCKS.filter(({ language }) => language === "yaml");
const schemas = new Ajv({ strict: false, formats: { duration: true, byte: true } });

test.each(blocks)("$place is YAML, and of the shape that it says", (block) => {
  const documents = parseAllDocuments(block.text);
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  const [, schema] = /\$schema=(config|cases)\.schema\.json/.exec(block.text) ?? [];
  if (schema === "config" || schema === "cases") {
    const validate = schemas.compile(JSON.parse(jsonSchema(schema)));
    for (const document of documents) {
      expect(validate(document.toJS()), JSON.stringify(validate.errors)).toBe(true);
    }
  }
});

const whole = blocks.filter(({ text }) => /^apiVersion: /m.test(text));
test.each(whole)("$place has rules without a mistake in their shape", async ({ text }: CodeBlock) => {
  const findings = await check({ source: texts({ "rules.yaml": text }) });
  expect(findings.diagnostics.map(({ code }) => code).filter((code) => /^SL0[01]/.test(code))).toEqual([]);
});

test.each(blocks.filter(({ text }) => text.includes("OWNER/sluice@COMMIT")))(
  "$place gives the action inputs that it has",
  ({ text }) => {
    const { inputs } = parse(readFileSync(path.join(ROOT, "action.yml"), "utf8"));
    const found = stepsOf(parse(text)).filter(({ uses }) => uses?.startsWith("OWNER/sluice"));
    expect(found.length).toBeGreaterThan(0);
    expect(found.flatMap((step) => Object.keys(step.with ?? {})).filter((name) => !(name in inputs))).toEqual(
      [],
    );
  },
);

test.each(blocks.filter(({ text }) => text.includes("hooks:")))(
  "$place names hooks that there are, with options that they take",
  ({ text }) => {
    const entries = new Map<string, string>(
      parse(readFileSync(path.join(ROOT, ".pre-commit-hooks.yaml"), "utf8")).map(
        ({ id, entry }: { id: string; entry: string }) => [id, entry],
      ),
    );
    for (const { id, args = [] } of parse(text).repos.flatMap(({ hooks }: { hooks: unknown }) => hooks)) {
      const [, command] = entries.get(id)!.split(" ");
      expect(callProblem([command!, ...args])).toBeUndefined();
    }
  },
);
interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** The steps of a workflow, or of a part of one. */
function stepsOf(workflow: unknown): Step[] {
  return Array.isArray(workflow)
    ? workflow
    : Object.values((workflow as { jobs: Record<string, { steps: Step[] }> }).jobs).flatMap(
        ({ steps }) => steps,
      );
}

const EXAMPLES = BLOCKS.filter(
  ({ place, language }) => /^envoy\/examples\/[^/]+\//.test(place) && language === "yaml",
);

test.each(EXAMPLES)("$place is a part of the example's own files", ({ place, text }) => {
  const folder = path.join(ROOT, path.dirname(place));
  const documents = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .flatMap((name) => parseAllDocuments(readFileSync(path.join(folder, name), "utf8")))
    .map((document) => document.toJS());
  expect(documents.some((document) => isWithin(parse(text), document))).toBe(true);
});

/** Whether a value has the fields and items of a part, at any depth. */
function isWithin(part: unknown, whole: unknown): boolean {
  return isPartOf(part, whole) || children(whole).some((child) => isWithin(part, child));
}

function isPartOf(part: unknown, whole: unknown): boolean {
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((item) => whole.some((other) => isPartOf(item, other)));
  }
  if (typeof part !== "object" || part === null) {
    return part === whole;
  }
  return (
    typeof whole === "object" &&
    whole !== null &&
    Object.entries(part).every(([key, value]) => isPartOf(value, (whole as Record<string, unknown>)[key]))
  );
}

function children(value: unknown): unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}
