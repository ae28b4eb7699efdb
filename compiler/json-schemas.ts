/** The JSON schemas of the files that users write for Sluice itself, for editors: plain JSON Schema, each whole. */

import { caseSchema } from "./answers/cases/case-schema.ts";
import { FILE_OPTIONS } from "./file-options.ts";
import type { JsonSchema } from "./options/kinds.ts";
import { defaultText, description, mapTable } from "./options/option.ts";

const DRAFT = "http://json-schema.org/draft-07/schema#";

/** Of `sluice.yaml`. What reads the file (compiler/cli/config-file.ts) checks more, and says it better. */
const configSchema: JsonSchema = {
  type: "object",
  properties: mapTable(FILE_OPTIONS, (entry) => ({
    ...entry.kind.schema,
    description: description(entry),
    // An editor inserts it, so it must be a value that the file takes.
    ...(defaultText(entry) === undefined || entry.defaultSaid !== undefined
      ? {}
      : { default: entry.default }),
  })),
  additionalProperties: false,
};

const PUBLISHED = {
  config: { title: "sluice.yaml: options of Sluice", schema: configSchema },
  cases: { title: "Cases of sluice test", schema: caseSchema },
} as const satisfies Record<string, { readonly title: string; readonly schema: JsonSchema }>;

/** By what `sluice schema` calls them: `config` is sluice.yaml, `cases` the case files of `sluice test`. */
export type SchemaName = keyof typeof PUBLISHED;

/** The names of all. */
export const JSON_SCHEMAS = Object.keys(PUBLISHED) as readonly SchemaName[];

/** The text of a JSON schema, which editors take. */
export function jsonSchema(name: SchemaName): string {
  const { title, schema } = PUBLISHED[name];
  return `${JSON.stringify({ $schema: DRAFT, title, ...schema }, null, 2)}\n`;
}
