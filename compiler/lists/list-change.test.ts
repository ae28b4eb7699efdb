import fc from "fast-check";
import { expect, test } from "vitest";
import { FaultlessList } from "./faultless-list.ts";
import { listChange } from "./list-change.ts";

const letters = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 });

test("before and behind the stretch in which two lists differ they are the same", () => {
  fc.assert(
    fc.property(letters, letters, (before, now) => {
      const { from, beforeTo, to } = listChange(before, now);
      expect([...before.slice(0, from), ...now.slice(from, to), ...before.slice(beforeTo)]).toEqual(now);
      expect(from).toBeLessThanOrEqual(Math.min(beforeTo, to));
    }),
  );
});

test("whatever is wrong in a list is found each time, and what was right is not looked at again", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(letters, fc.constantFrom("a", "b", "c")), { maxLength: 6 }), (rounds) => {
      const list = new FaultlessList();
      for (const [items, wrong] of rounds) {
        const found: string[] = [];
        list.lookThrough(items, [wrong], (item) => {
          found.push(...(item === wrong ? [item] : []));
          return item !== wrong;
        });
        expect(found).toEqual(items.filter((item) => item === wrong));
        let looks = 0;
        list.lookThrough(items, [wrong], (item) => {
          looks += 1;
          return item !== wrong;
        });
        expect(looks).toBe(found.length === 0 ? 0 : items.length);
      }
    }),
  );
});
