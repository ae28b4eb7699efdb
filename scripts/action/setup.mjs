/** The first step of action.yml: makes this checkout ready to run. Only Node's own modules here. */

import { setup } from "../setup.mjs";

await setup({ names: ["filter", "sluice", "action"] });
