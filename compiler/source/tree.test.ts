import fc from "fast-check";
import { expect, test } from "vitest";
import { isMap, isSeq } from "yaml";
import { keyAt, nodeAt } from "./tree.ts";
import { parseTrees } from "./yaml.ts";

test.each([3, 200])("finds nodes and keys of a mapping with %d keys", (count) => {
  const text = Array.from({ length: count }, (_, i) => `k${i}: [a, { x: ${i} }]\n`).join("");
  const document = parseTrees(text)[0]!;
  fc.assert(
    fc.property(fc.nat(count - 1), (i) => {
      expect(nodeAt(document, [`k${i}`, 1, "x"])).toMatchObject({ value: i });
      expect(keyAt(document, [`k${i}`])).toMatchObject({ value: `k${i}` });
      expect(keyAt(document, [`k${i}`, 1, "x"])).toMatchObject({ value: "x" });
    }),
  );
  expect(isMap(nodeAt(document, []))).toBe(true);
  expect(isSeq(nodeAt(document, ["k0"]))).toBe(true);
  expect(nodeAt(document, ["k0", 7])).toBeUndefined();
  expect(nodeAt(document, ["none", 0])).toBeUndefined();
  expect(keyAt(document, ["k0", 0])).toBeUndefined();
});
