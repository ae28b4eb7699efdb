import { expect, test } from "vitest";
import { PROXY_OPTIONS } from "./options.ts";

test.each(Object.entries(PROXY_OPTIONS))("the default of %s is a value of its kind", (_key, entry) => {
  expect(entry.kind.accepts(entry.default)).toBe(true);
});
