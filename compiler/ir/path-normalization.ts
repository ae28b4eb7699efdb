/** What becomes of a request's path before anything looks at it: Istio's `meshConfig.pathNormalization`, and what a proxy has in its place. */

import type { Config, Listener, PathNormalization } from "./ir.ts";
import type { PathSteps } from "./path-steps.ts";

/** As Istio ships it. */
const DEFAULT: PathNormalization = "BASE";

/** Each of Istio's modes. */
export const PATH_STEPS: Readonly<Record<PathNormalization, PathSteps>> = {
  NONE: { escapedSlashes: "keep", normalizes: false, mergesSlashes: false },
  BASE: { escapedSlashes: "keep", normalizes: true, mergesSlashes: false },
  MERGE_SLASHES: { escapedSlashes: "keep", normalizes: true, mergesSlashes: true },
  DECODE_AND_MERGE_SLASHES: { escapedSlashes: "unescape", normalizes: true, mergesSlashes: true },
};

export function normalizationOf({ pathNormalization = DEFAULT }: Pick<Config, "pathNormalization">) {
  return pathNormalization;
}

/** As a configuration has it, where the usual one is not written. */
export function normalizationField(normalization: PathNormalization): Pick<Config, "pathNormalization"> {
  return normalization === DEFAULT ? {} : { pathNormalization: normalization };
}

/** At one listener, which may have steps of its own. */
export function pathStepsAt({ paths }: Pick<Listener, "paths">, normalization: PathNormalization): PathSteps {
  return { ...PATH_STEPS[normalization], ...paths };
}
