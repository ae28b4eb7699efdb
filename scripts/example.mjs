/** `npm run example -- NAME`: sets everything up and runs an example of envoy/examples. Without a name it lists them. */

import { become, setup } from "./setup.mjs";

await setup({ names: ["filter", "example"] });
process.exitCode = await become("example.js", process.argv.slice(2));
