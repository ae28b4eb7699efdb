/** The schemas of our own files as editors take them: plain JSON Schema, each whole. */

import type { Schema } from "./build.ts";
import { caseFile } from "./case-file.ts";
import { configFile } from "./config-file.ts";

const DRAFT = "http://json-schema.org/draft-07/schema#";

/** By what `sluice schema` calls them. */
export const PUBLISHED_SCHEMAS = {
  config: { title: "sluice.yaml: options of Sluice", schema: configFile },
  cases: { title: "Cases of sluice test", schema: caseFile },
} as const satisfies Record<string, { readonly title: string; readonly schema: Schema }>;

export type SchemaName = keyof typeof PUBLISHED_SCHEMAS;

export function publishedSchema(name: SchemaName): string {
  const { title, schema } = PUBLISHED_SCHEMAS[name];
  return `${JSON.stringify({ $schema: DRAFT, title, ...schema }, null, 2)}\n`;
}
