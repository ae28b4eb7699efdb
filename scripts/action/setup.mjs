/** The first step of action.yml: makes this checkout ready to run. Only Node's own modules here. */

import { setup } from "../setup.mjs";

process.on("exit", (code) => {
  if (code !== 0) {
    console.log("::error title=sluice::Sluice could not be built; see the lines above");
  }
});
await setup({ names: ["filter", "sluice", "action"] });
