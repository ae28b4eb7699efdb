import { expect, test } from "vitest";
import { exposure } from "./visibility.ts";

test.each([
  [undefined, "other", "public"],
  [[], "other", "public"],
  [["*"], "other", "public"],
  [["*", "~"], "other", "public"],
  [["."], "owner", "private"],
  [["owner"], "owner", "private"],
  [["."], "other", undefined],
  [["other"], "other", "exported"],
  [["other"], "owner", undefined],
  [["~"], "owner", undefined],
])("exportTo %j is seen from %s as %s", (exportTo, viewer, expected) => {
  expect(exposure(exportTo, "owner", viewer)).toBe(expected);
});
