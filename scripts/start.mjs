/** `npm start`: sets everything up and runs the demo mesh. Arguments go to the demo: `npm start -- --once`. */

import { become, setup } from "./setup.mjs";

await setup();
process.exitCode = await become("demo.js", process.argv.slice(2));
