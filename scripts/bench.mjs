/**
 * `npm run bench`: sets everything up and runs the benchmarks. Arguments go to them: `npm run bench -- --quick`. What the
 * compiler needs is measured by `npm run bench -- compile`, what check, explain, test and diff need by
 * `npm run bench -- analysis`, what each piece beside routing costs a request by `npm run bench -- pieces`, what it costs to count
 * requests by rule by `npm run bench -- counting`, how soon a change reaches a fleet by `npm run bench -- fleet`, and how soon one in a
 * cluster by `npm run bench -- kubernetes`.
 */

import { become, setup } from "./setup.mjs";

await setup();
const [first = "", ...rest] = process.argv.slice(2);
const own = new Map([
  ["compile", "bench-compile.js"],
  ["analysis", "bench-analysis.js"],
  ["counting", "bench-counting.js"],
  ["fleet", "bench-fleet.js"],
  ["kubernetes", "bench-kubernetes.js"],
  ["pieces", "bench-pieces.js"],
]).get(first);
process.exitCode =
  own === undefined ? await become("bench.js", process.argv.slice(2)) : await become(own, rest);
