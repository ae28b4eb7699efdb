/** `sluice schema`: JSON schemas of the files that users write for Sluice itself. */

import { writeFile } from "node:fs/promises";
import path from "node:path";
import { Argument, type Command, Option } from "commander";
import { JSON_SCHEMAS, jsonSchema, makeDirectory, type SchemaName } from "../index.ts";
import type { CommandContext } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

const NAMES = JSON_SCHEMAS;

export function addSchemaCommand(program: Command, { terminal, done }: CommandContext): void {
  program
    .command("schema")
    .summary("print the JSON schema of a file format, for editors")
    .description(
      "Prints the JSON schema of sluice.yaml (config) or of case files (cases), or writes both into a folder as " +
        "config.schema.json and cases.schema.json. Editors with the YAML language server read it from the first line:\n\n" +
        "  # yaml-language-server: $schema=cases.schema.json",
    )
    .addArgument(new Argument("[name]", NAMES.join(" or ")).choices(NAMES))
    .addOption(new Option("--out <dir>", "write all schemas into a folder"))
    .action(async (name, flags) => done(await schemaCommand(name, flags, terminal)));
}

export async function schemaCommand(
  name: string | undefined,
  { out }: { readonly out?: string },
  terminal: Terminal,
): Promise<ExitCode> {
  if (out !== undefined) {
    if (name !== undefined) {
      throw new UsageError(`--out writes all schemas; remove "${name}"`);
    }
    await makeDirectory(out);
    for (const one of NAMES) {
      const file = path.join(out, `${one}.schema.json`);
      await writeFile(file, jsonSchema(one));
      terminal.out(`wrote ${file}\n`);
    }
    return EXIT.ok;
  }
  if (!NAMES.includes(name as SchemaName)) {
    const got = name === undefined ? "" : `, got "${name}"`;
    throw new UsageError(`expected ${NAMES.join(" or ")}, or --out with a folder${got}`);
  }
  terminal.out(jsonSchema(name as SchemaName));
  return EXIT.ok;
}
