/** `npm run bench`: sets everything up and runs the benchmarks. Arguments go to them: `npm run bench -- --quick`. */

import path from "node:path";
import { ROOT, run, setup } from "./setup.mjs";

await setup();
process.exitCode = await run(process.execPath, [
  path.join(ROOT, "dist", "bench.js"),
  ...process.argv.slice(2),
]);
