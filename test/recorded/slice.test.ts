/** The slice of recorded cases in this folder is a part of the whole, as it was recorded. */

import { expect, test } from "vitest";
import { astray, HAS_WHOLE } from "../harness/recorded.ts";

test
  .skipIf(!HAS_WHOLE)
  .each([
    "datapath.yaml",
    "delegates.yaml",
    "normalization.yaml",
    "route_golden.yaml",
    "routing.yaml",
    "simulation.yaml",
    "validation.yaml",
  ])("%s", (file) => {
  expect(astray(file)).toEqual([]);
});
