/**
 * Where a value differs from a schema. Only the words of `build.ts` are known, and they mean what JSON Schema says. Ajv
 * knows them all, but makes JavaScript of each schema first, which takes longer than all else that `sluice check` does; a
 * test holds both against each other.
 */

import type { FieldPath } from "../../../source/field-path.ts";
import type { Schema } from "./build.ts";
import { parseDuration } from "./duration.ts";

/** One way in which a value differs. */
export type Violation = Place & Difference;

interface Place {
  /** From the value that was checked to the one that is wrong. */
  readonly path: FieldPath;
  /** The value that is wrong, and the schema that it is held against. */
  readonly value: unknown;
  readonly schema: Schema;
}

/** A word of a schema, and what it asks for. */
type Difference =
  | { readonly keyword: "type" | "format" }
  | { readonly keyword: Bound; readonly limit: number }
  | { readonly keyword: "enum"; readonly allowed: readonly unknown[] }
  | { readonly keyword: "required" | "additionalProperties"; readonly field: string }
  | { readonly keyword: "exclusive"; readonly fields: readonly string[] };

type Bound = "minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems" | "maxProperties";

/** All that is wrong with a value. Of one that has the wrong type nothing else is said. */
export function violationsOf(schema: Schema, value: unknown): Violation[] {
  const search = new Search();
  search.visit(readingOf(schema), value);
  return search.found;
}

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (text) => parseDuration(text) !== undefined,
  byte: (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
};

/** For people and editors. */
const ANNOTATIONS = new Set(["title", "description", "examples", "default"]);

/** A schema, read once: all have the same fields, and what is absent limits nothing. */
interface Reading {
  readonly schema: Schema;
  readonly types: readonly string[];
  readonly minimum: number;
  readonly maximum: number;
  readonly minLength: number;
  readonly maxLength: number;
  readonly minItems: number;
  readonly maxItems: number;
  readonly maxProperties: number;
  readonly isFormat: ((text: string) => boolean) | undefined;
  readonly allowed: readonly unknown[] | undefined;
  readonly items: Reading | undefined;
  readonly properties: ReadonlyMap<string, Reading>;
  /** What fields that are not listed have to be; `false` where there may be none. */
  readonly others: Reading | false | undefined;
  readonly required: readonly string[];
  readonly exclusive: readonly (readonly string[])[];
}

/** The same for the same schema whoever asks. */
const readings = new WeakMap<Schema, Reading>();

function readingOf(schema: Schema): Reading {
  const known = readings.get(schema);
  if (known !== undefined) {
    return known;
  }
  const reading = read(schema);
  readings.set(schema, reading);
  return reading;
}

function read(schema: Schema): Reading {
  const {
    type = [],
    minimum = -Infinity,
    maximum = Infinity,
    minLength = 0,
    maxLength = Infinity,
    minItems = 0,
    maxItems = Infinity,
    maxProperties = Infinity,
    format,
    enum: allowed,
    items,
    properties = {},
    additionalProperties: others,
    required = [],
    exclusive = [],
    ...rest
  } = schema;
  const isFormat = FORMATS[format as string];
  const strange = Object.keys(rest).filter((keyword) => !ANNOTATIONS.has(keyword));
  if (strange.length > 0 || (format !== undefined && isFormat === undefined)) {
    throw new Error(`this schema keyword is not checked: ${strange.join(", ") || `the format ${format}`}`);
  }
  return {
    schema,
    types: [type as string | string[]].flat(),
    minimum: minimum as number,
    maximum: maximum as number,
    minLength: minLength as number,
    maxLength: maxLength as number,
    minItems: minItems as number,
    maxItems: maxItems as number,
    maxProperties: maxProperties as number,
    isFormat,
    allowed: allowed as readonly unknown[] | undefined,
    items: items === undefined ? undefined : readingOf(items as Schema),
    properties: new Map(
      Object.entries(properties as Record<string, Schema>).map(([name, one]) => [name, readingOf(one)]),
    ),
    others: typeof others === "object" ? readingOf(others as Schema) : (others as false | undefined),
    required: required as readonly string[],
    exclusive: exclusive as readonly (readonly string[])[],
  };
}

/** A walk through one value. */
class Search {
  readonly found: Violation[] = [];
  /** To the value that is looked at. */
  readonly #path: (string | number)[] = [];

  visit(reading: Reading, value: unknown): void {
    const { types, allowed } = reading;
    if (types.length > 0 && !types.some((type) => isOfType(type, value))) {
      this.#report(reading, value, { keyword: "type" });
      return;
    }
    if (allowed !== undefined && !allowed.includes(value)) {
      this.#report(reading, value, { keyword: "enum", allowed });
    }
    if (typeof value === "number") {
      this.#bound(reading, value, "minimum", value);
      this.#bound(reading, value, "maximum", value);
    } else if (typeof value === "string") {
      this.#visitText(reading, value);
    } else if (Array.isArray(value)) {
      this.#visitList(reading, value);
    } else if (typeof value === "object" && value !== null) {
      this.#visitMapping(reading, value as Readonly<Record<string, unknown>>);
    }
  }

  #visitText(reading: Reading, text: string): void {
    const { minLength, maxLength, isFormat } = reading;
    // A character may take two of what `length` counts.
    if (text.length > maxLength || text.length < 2 * minLength) {
      const { length } = [...text];
      this.#bound(reading, text, "minLength", length);
      this.#bound(reading, text, "maxLength", length);
    }
    if (isFormat !== undefined && !isFormat(text)) {
      this.#report(reading, text, { keyword: "format" });
    }
  }

  #visitList(reading: Reading, list: readonly unknown[]): void {
    this.#bound(reading, list, "minItems", list.length);
    this.#bound(reading, list, "maxItems", list.length);
    for (let i = 0; reading.items !== undefined && i < list.length; i++) {
      this.#visitChild(reading.items, i, list[i]);
    }
  }

  #visitMapping(reading: Reading, mapping: Readonly<Record<string, unknown>>): void {
    const names = Object.keys(mapping);
    this.#bound(reading, mapping, "maxProperties", names.length);
    for (const field of reading.required) {
      if (mapping[field] === undefined) {
        this.#report(reading, mapping, { keyword: "required", field });
      }
    }
    for (const name of names) {
      const child = reading.properties.get(name) ?? reading.others;
      if (child === false) {
        this.#report(reading, mapping, { keyword: "additionalProperties", field: name });
      } else if (child !== undefined) {
        this.#visitChild(child, name, mapping[name]);
      }
    }
    for (const group of reading.exclusive) {
      const fields = group.filter((field) => Object.hasOwn(mapping, field));
      if (fields.length > 1) {
        this.#report(reading, mapping, { keyword: "exclusive", fields });
      }
    }
  }

  #visitChild(reading: Reading, name: string | number, value: unknown): void {
    this.#path.push(name);
    this.visit(reading, value);
    this.#path.pop();
  }

  #bound(reading: Reading, value: unknown, keyword: Bound, amount: number): void {
    const limit = reading[keyword];
    if (keyword.startsWith("min") ? amount < limit : amount > limit) {
      this.#report(reading, value, { keyword, limit });
    }
  }

  #report({ schema }: Reading, value: unknown, difference: Difference): void {
    this.found.push({ path: [...this.#path], value, schema, ...difference });
  }
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "number":
      return Number.isFinite(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "null":
      return value === null;
    default:
      return typeof value === type;
  }
}
