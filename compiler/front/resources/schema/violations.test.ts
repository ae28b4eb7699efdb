/** Ajv, which the schemas of editors are held against too, is the judge of what is wrong with a value. */

import { Ajv } from "ajv";
import fc from "fast-check";
import { expect, test } from "vitest";
import { list, map, object, type Schema, string } from "./build.ts";
import { parseDuration } from "./duration.ts";
import { KIND_SCHEMAS } from "./kinds.ts";
import { violationsOf } from "./violations.ts";

/** What no resource has. */
const OTHERS = object({
  lines: map<string | readonly string[] | null>({ type: ["string", "array", "null"], items: string }),
  token: { type: "string", minLength: 2, maxLength: 64 },
  share: { type: "number", minimum: 0 },
  any: list({}, { maxItems: 1 }),
});
const SCHEMAS: Readonly<Record<string, Schema>> = { ...KIND_SCHEMAS, "other words": OTHERS };

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
ajv.addFormat("duration", (text: string) => parseDuration(text) !== undefined);
ajv.addFormat("byte", /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
ajv.addKeyword({
  keyword: "exclusive",
  type: "object",
  schemaType: "array",
  validate: (groups: readonly (readonly string[])[], value: object) =>
    groups.every((group) => group.filter((field) => Object.hasOwn(value, field)).length <= 1),
});

/** Of every type, at and beyond the limits, and what a format takes or not. */
const anyLeaf = fc.constantFrom<unknown>(
  ...["", "a", "1s", "1.5", "YWJj", "YW=", "x".repeat(64), "𝒳".repeat(63), "x".repeat(257)],
  ...[0, -1, 1, 50, 100.5, 600, 65_536, 4_294_967_296, -2_147_483_649, 1e300],
  ...[true, false, null],
);

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly required?: readonly string[];
}

/** Mostly what the schema admits; here and there something else. */
function valueFor(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const { type = [], enum: allowed, items } = schema as JsonSchema;
  const right: fc.Arbitrary<unknown>[] = [type].flat().map((one) => {
    switch (one) {
      case "string":
        return fc.constantFrom(...(allowed ?? ["a", schema.format === "byte" ? "YWJj" : "1s"]));
      case "integer":
      case "number":
        return fc.constantFrom(...[schema.minimum ?? 1, 7, schema.maximum ?? 100]);
      case "boolean":
        return fc.boolean();
      case "null":
        return fc.constant(null);
      case "array":
        return fc.array(items ? valueFor(items, depth + 1) : anyLeaf, { maxLength: 2 });
      default:
        return mappingFor(schema as JsonSchema, depth);
    }
  });
  const wrong = fc.oneof(anyLeaf, fc.constantFrom<unknown>([], {}, [1], { x: 1 }, "b,".repeat(9)));
  return right.length === 0
    ? wrong
    : fc.oneof({ weight: 30, arbitrary: fc.oneof(...right) }, { weight: 1, arbitrary: wrong });
}

function mappingFor(
  { properties = {}, additionalProperties: others, required = [] }: JsonSchema,
  depth: number,
): fc.Arbitrary<object> {
  const optional = Object.keys(properties).filter((name) => !required.includes(name));
  const needed = fc.oneof(
    { weight: 20, arbitrary: fc.constant(required) },
    { weight: 1, arbitrary: fc.constant([]) },
  );
  const some = fc.subarray(optional, { maxLength: Math.min(optional.length, Math.max(1, 5 - depth)) });
  const known = fc
    .tuple(needed, some)
    .chain((names) =>
      fc.record(
        Object.fromEntries(names.flat().map((name) => [name, valueFor(properties[name]!, depth + 1)])),
      ),
    );
  const isMap = typeof others === "object";
  const unknown = fc.dictionary(
    fc.constantFrom("x", "constructor", "a/b~c"),
    isMap ? valueFor(others, depth + 1) : anyLeaf,
    { maxKeys: isMap ? 2 : 1 },
  );
  return fc.oneof(
    { weight: isMap ? 1 : 12, arbitrary: known },
    { weight: 1, arbitrary: fc.tuple(known, unknown).map(([a, b]) => ({ ...a, ...b })) },
  );
}

test.each(Object.keys(SCHEMAS))("of %s, what Ajv finds is found, and nothing else", (kind) => {
  const schema = SCHEMAS[kind]!;
  const validate = ajv.compile(schema);
  let wrong = 0;
  let right = 0;
  fc.assert(
    fc.property(valueFor(schema), (value) => {
      validate(value);
      const errors = validate.errors ?? [];
      // Of a value of the wrong type we say nothing else.
      const wronglyTyped = new Set(
        errors.filter((one) => one.keyword === "type").map((one) => one.instancePath),
      );
      const wanted = errors
        .filter((one) => one.keyword === "type" || !wronglyTyped.has(one.instancePath))
        .map(({ keyword, instancePath, params }) => [
          instancePath,
          keyword,
          params.additionalProperty ?? params.missingProperty ?? params.limit ?? params.allowedValues ?? null,
        ]);
      const got = violationsOf(schema, value).map((one) => [
        one.path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
        one.keyword,
        "field" in one ? one.field : "limit" in one ? one.limit : "allowed" in one ? one.allowed : null,
      ]);
      expect(sorted(got)).toEqual(sorted(wanted));
      wrong += wanted.length > 0 ? 1 : 0;
      right += wanted.length > 0 ? 0 : 1;
    }),
    { numRuns: 150, seed: 7 },
  );
  expect(wrong).toBeGreaterThan(10);
  expect(right).toBeGreaterThan(10);
});

/** Each once: Ajv says one time that groups exclude one another, however many do. */
function sorted(all: readonly unknown[][]): string[] {
  return [...new Set(all.map((one) => JSON.stringify(one)))].sort();
}

test("a schema that says more than is checked is a mistake in it", () => {
  expect(() => violationsOf({ type: "string", pattern: "a" }, "a")).toThrow("pattern");
  expect(() => violationsOf({ type: "string", format: "date" }, "a")).toThrow("date");
});
