/** The schemas of our own files as editors take them: plain JSON Schema, each whole. */

import type { Schema } from "./build.ts";
import { caseFile } from "./case-file.ts";
import { configFile } from "./config-file.ts";

const DRAFT = "http://json-schema.org/draft-07/schema#";

const PUBLISHED = {
  config: { title: "sluice.yaml: options of Sluice", schema: configFile },
  cases: { title: "Cases of sluice test", schema: caseFile },
} as const satisfies Record<string, { readonly title: string; readonly schema: Schema }>;

/** By what `sluice schema` calls them: `config` is sluice.yaml, `cases` the case files of `sluice test`. */
export type SchemaName = keyof typeof PUBLISHED;

/** The names of all. */
export const JSON_SCHEMAS = Object.keys(PUBLISHED) as readonly SchemaName[];

/** The text of a JSON schema, which editors take. */
export function jsonSchema(name: SchemaName): string {
  const { title, schema } = PUBLISHED[name];
  return `${JSON.stringify({ $schema: DRAFT, title, ...schema }, null, 2)}\n`;
}
