/** `docs/rules.md`, of which the table of fields is made from the schemas and from what the compiler refuses. */

import { readFile } from "node:fs/promises";
import path from "node:path";
import { UNSUPPORTED_FIELDS, type Unsupported } from "../../compiler/front/istio/unsupported.ts";
import { KIND_SCHEMAS } from "../../compiler/front/resources/schema/kinds.ts";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { cell } from "./markdown.ts";

/** Istio's own kinds, in the order in which people meet them. */
const KINDS = [
  "VirtualService",
  "DestinationRule",
  "ServiceEntry",
  "WorkloadEntry",
  "Gateway",
  "Sidecar",
  "RequestAuthentication",
];
const BEGIN = "<!-- made from the schemas: -->\n";
const END = "<!-- end of what is made -->";

export async function rulesPage(): Promise<string> {
  const text = await readFile(path.join(packageRoot().directory, "docs", "rules.md"), "utf8");
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error("docs/rules.md has no place for its table of fields");
  }
  return `${text.slice(0, begin + BEGIN.length)}${fieldsTable()}\n${text.slice(end)}`;
}

function fieldsTable(): string {
  const rows = KINDS.flatMap((kind) => {
    const refused = UNSUPPORTED_FIELDS[kind] ?? [];
    const all = Object.entries(specOf(kind).properties ?? {}).map(([name, schema]) => ({
      name: code(name),
      cells: [fieldsIn(schema), refusedOf(refused, name)],
    }));
    const plain = all.filter(({ cells }) => cells.every((text) => text === ""));
    const others = all.filter((field) => !plain.includes(field));
    return [
      row([`**${kind}**`, plain.map(({ name }) => name).join(", "), "", ""]),
      ...others.map(({ name, cells }) => row(["", name, ...cells])),
    ];
  });
  return [row(["", "field", "with", "refused, or without effect"]), "|---|---|---|---|", ...rows].join("\n");
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly enum?: readonly string[];
}

function specOf(kind: string): JsonSchema {
  return (KIND_SCHEMAS[kind] as JsonSchema).properties!.spec!;
}

/** The fields in a field, or its values: further down a rule has all that Istio has, and the table no end. */
function fieldsIn({ items, ...own }: JsonSchema): string {
  const { properties = {}, enum: values = [] } = items ?? own;
  return [...Object.keys(properties), ...values].map(code).join(", ");
}

/**
 * What is refused in a field, each once: policies are alike for a host, its ports and its subsets. Values that Envoy itself refuses
 * (SL0501) are mistakes of a rule, and no limits of ours.
 */
function refusedOf(table: readonly Unsupported[], field: string): string {
  const lines = table
    .filter(({ path: at, code: id }) => id !== "SL0501" && at.split(/[.[]/, 1)[0] === field)
    .map(({ path: at, only, why, code: id = "SL0301" }) => {
      const short = at
        .replace(/^[a-z]+\[?\]?\.?/i, "")
        .replaceAll(/(trafficPolicy|portLevelSettings\[\])\./g, "");
      const what = [...(short === "" ? [] : [code(short)]), ...(only === undefined ? [] : [only])].join(" ");
      return `${[what, why && cell(why)].filter(Boolean).join(": ")} (${id})`;
    });
  return [...new Set(lines)].join("; ");
}

function code(text: string): string {
  return `\`${text}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
