import fc from "fast-check";
import { expect, test } from "vitest";
import { perStretch, stretchesOf } from "./stretches.ts";

const items = (count: number) => Array.from({ length: count }, () => ({}));

test("whatever comes and goes, the stretches of a list are the list", () => {
  const edit = fc.record({ at: fc.nat(600), remove: fc.nat(120), add: fc.nat(120) });
  fc.assert(
    fc.property(fc.nat(500), fc.array(edit, { maxLength: 12 }), (count, edits) => {
      const list = items(count);
      const indexed = perStretch((stretch: readonly object[]) => stretch.length);
      for (const { at, remove, add } of edits) {
        list.splice(at, remove, ...items(add));
        expect(stretchesOf(list).flat()).toEqual(list);
        expect(indexed(list).reduce((sum, length) => sum + length, 0)).toBe(list.length);
      }
    }),
  );
});

test("of ten thousand items one is another, and one stretch is looked at again", () => {
  const list = items(10_000);
  let looks = 0;
  const look = perStretch(() => {
    looks += 1;
  });
  look(list);
  expect(looks).toBe(100);
  for (const at of [0, 4321, 9999]) {
    looks = 0;
    list[at] = {};
    look([...list]);
    expect(looks, `at ${at}`).toBe(1);
  }
});

test("a list that grows item by item does not end in stretches of one", () => {
  const list = items(1000);
  for (let i = 0; i < 1000; i++) {
    list.splice((i * 7) % list.length, 0, {});
    stretchesOf(list);
  }
  expect(stretchesOf(list).length).toBeLessThanOrEqual(2000 / 50 + 1);
});
