/** The Envoys that Sluice works with, for scripts that run before anything is built: the same file that the compiler has them from. */

import { readFileSync } from "node:fs";

const FILE = new URL("../compiler/platform/envoy-versions.json", import.meta.url);

export const { oldest: OLDEST_ENVOY, newest: NEWEST_ENVOY } = JSON.parse(readFileSync(FILE, "utf8"));
