/** `npm run fuzz`: sets everything up and gives hostile input to the command line: `npm run fuzz -- --count 100000 --seed 2`. */

import { become, setup } from "./setup.mjs";

await setup({ quietly: true });
process.exitCode = await become("fuzz.js", process.argv.slice(2));
