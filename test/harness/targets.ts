/** Both targets, of which every promise has to hold. */

import type { Target } from "../../compiler/options.ts";

export const TARGETS: readonly Target[] = ["wasm", "native"];
