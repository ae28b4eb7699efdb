/**
 * `npm run docs`: builds the site of the documentation into `dist/docs`.
 *
 *   node scripts/docs.mjs [--out FOLDER] [--serve [--port PORT]]      --serve: shows it on 127.0.0.1 until Ctrl-C
 */

import path from "node:path";
import { parseArgs } from "node:util";
import { installPackages, ROOT } from "./setup.mjs";

const values = readOptions();

await installPackages();
const outDir = path.resolve(values.out);
try {
  const { build } = await import("vitepress");
  await build(path.join(ROOT, "docs"), { outDir });
  if (values.serve) {
    await serve();
  }
} catch (error) {
  console.error(`docs: ${error.message}`);
  process.exitCode = 1;
}

/** VitePress's own server listens on every address of the machine; this one on 127.0.0.1 alone. */
async function serve() {
  const { preview } = await import("vite");
  const server = await preview({
    configFile: false,
    root: ROOT,
    appType: "mpa",
    build: { outDir },
    preview: { host: "127.0.0.1", port: Number(values.port), strictPort: true },
  });
  server.printUrls();
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        out: { type: "string", default: path.join(ROOT, "dist", "docs") },
        serve: { type: "boolean", default: false },
        port: { type: "string", default: "4173" },
      },
    }).values;
  } catch (error) {
    console.error(`docs: ${error.message}`);
    process.exit(2);
  }
}
