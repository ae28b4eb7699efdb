/** What becomes of a request's path before anything looks at it: Istio's `meshConfig.pathNormalization`. */

import type { Config, PathNormalization } from "./ir.ts";

/** As Istio ships it. */
const DEFAULT: PathNormalization = "BASE";

export function normalizationOf({ pathNormalization = DEFAULT }: Pick<Config, "pathNormalization">) {
  return pathNormalization;
}

/** As a configuration has it, where the usual one is not written. */
export function normalizationField(normalization: PathNormalization): Pick<Config, "pathNormalization"> {
  return normalization === DEFAULT ? {} : { pathNormalization: normalization };
}
