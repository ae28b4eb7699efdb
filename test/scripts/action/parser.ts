/** GitHub's own parser of action.yml. It imports JSON in a way that bundlers know and Node does not, so it is bundled. */

import { createRequire } from "node:module";
import path from "node:path";
import type * as Actions from "@actions/workflow-parser/actions/index";
import { build } from "esbuild";
import { packageRoot } from "../../../compiler/platform/package-root.ts";

/** What GitHub would say is wrong. */
export async function parserOf(folder: string): Promise<(content: string) => string[]> {
  const outfile = path.join(folder, "parser.cjs");
  await build({
    stdin: {
      contents: 'export { parseAction } from "@actions/workflow-parser/actions/index";',
      resolveDir: packageRoot().directory,
    },
    bundle: true,
    format: "cjs",
    platform: "node",
    outfile,
  });
  const { parseAction }: typeof Actions = createRequire(import.meta.url)(outfile);
  const trace = { error() {}, info() {}, verbose() {} };
  return (content) =>
    parseAction({ name: "action.yml", content }, trace)
      .context.errors.getErrors()
      .map(({ message }) => message);
}
