/** `npm run sluice -- …`: sets everything up and runs the command line, in the folder that npm was called from. */

import { become, setup } from "./setup.mjs";

await setup({ quietly: true });
process.exitCode = await become("sluice.js", process.argv.slice(2), {
  cwd: process.env.INIT_CWD ?? process.cwd(),
});
