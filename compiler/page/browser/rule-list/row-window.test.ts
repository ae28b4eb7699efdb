import fc from "fast-check";
import { expect, test } from "vitest";
import { offsetsOf, rowsInSight, scrollTo } from "./row-window.ts";

const heights = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60 });

test("every row that meets what is seen is drawn, and no more than that and what is beyond", () => {
  fc.assert(
    fc.property(
      heights,
      fc.nat(2000),
      fc.integer({ min: 1, max: 500 }),
      fc.nat(100),
      (rows, top, height, beyond) => {
        const offsets = offsetsOf(rows, (row) => row);
        const { from, to } = rowsInSight(offsets, top, height, beyond);
        rows.forEach((_, index) => {
          const isSeen = offsets[index]! < top + height && offsets[index + 1]! > top;
          const isNear = offsets[index]! <= top + height + beyond && offsets[index + 1]! >= top - beyond;
          const isDrawn = index >= from && index < to;
          expect(isDrawn || !isSeen).toBe(true);
          expect(isNear || !isDrawn).toBe(true);
        });
      },
    ),
  );
});

test("scrolling to a row has it in sight, and is nothing when it is", () => {
  fc.assert(
    fc.property(
      heights,
      fc.nat(59),
      fc.nat(1000),
      fc.integer({ min: 60, max: 500 }),
      (rows, index, top, height) => {
        fc.pre(index < rows.length);
        const offsets = offsetsOf(rows, (row) => row);
        const now = scrollTo(offsets, index, top, height) ?? top;
        expect(offsets[index]!).toBeGreaterThanOrEqual(now);
        expect(offsets[index + 1]!).toBeLessThanOrEqual(now + height);
        expect(scrollTo(offsets, index, now, height)).toBeUndefined();
      },
    ),
  );
});
