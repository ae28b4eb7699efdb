/** `npm run bench`: sets everything up and runs the benchmarks. Arguments go to them: `npm run bench -- --quick`. */

import { become, setup } from "./setup.mjs";

await setup();
process.exitCode = await become("bench.js", process.argv.slice(2));
