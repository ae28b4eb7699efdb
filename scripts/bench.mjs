/**
 * `npm run bench`: sets everything up and runs the benchmarks. Arguments go to them: `npm run bench -- --quick`. What the
 * compiler takes is measured by `npm run bench -- compile`.
 */

import { become, setup } from "./setup.mjs";

await setup();
const [first, ...rest] = process.argv.slice(2);
process.exitCode =
  first === "compile"
    ? await become("bench-compile.js", rest)
    : await become("bench.js", process.argv.slice(2));
