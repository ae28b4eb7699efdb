/** GitHub's own parser of action.yml and of workflows. It imports JSON in a way that bundlers know and Node does not, so it is bundled. */

import { createRequire } from "node:module";
import path from "node:path";
import type * as Workflows from "@actions/workflow-parser";
import type * as Actions from "@actions/workflow-parser/actions/index";
import { build } from "esbuild";
import { packageRoot } from "../../../compiler/platform/package-root.ts";

const TRACE = { error() {}, info() {}, verbose() {} };

/** What GitHub would say is wrong with an action. */
export async function parserOf(folder: string): Promise<(content: string) => string[]> {
  const { parseAction } = await bundled<typeof Actions>(folder, "@actions/workflow-parser/actions/index");
  return (content) => messagesOf(parseAction({ name: "action.yml", content }, TRACE).context);
}

/** What GitHub would say is wrong with a workflow. */
export async function workflowParserOf(folder: string): Promise<(content: string) => string[]> {
  const { parseWorkflow } = await bundled<typeof Workflows>(folder, "@actions/workflow-parser");
  return (content) => messagesOf(parseWorkflow({ name: "workflow.yaml", content }, TRACE).context);
}

async function bundled<T>(folder: string, specifier: string): Promise<T> {
  const outfile = path.join(folder, "parser.cjs");
  await build({
    stdin: { contents: `export * from "${specifier}";`, resolveDir: packageRoot().directory },
    bundle: true,
    format: "cjs",
    platform: "node",
    outfile,
  });
  return createRequire(import.meta.url)(outfile);
}

function messagesOf({
  errors,
}: {
  readonly errors: { getErrors(): readonly { readonly message: string }[] };
}): string[] {
  return errors.getErrors().map(({ message }) => message);
}
