import fc from "fast-check";
import { expect, test } from "vitest";
import { covers } from "./host-names.ts";
import { firstOverlaps } from "./host-overlaps.ts";

const host = fc
  .tuple(fc.constantFrom("", "*.", "*", "*-"), fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 3 }))
  .map(([start, labels]) => start + labels.join("."));

test("finds what comparing each host with each earlier one finds", () => {
  fc.assert(
    fc.property(fc.array(host, { maxLength: 12 }), (hosts) => {
      const compared = hosts.map((one, i) => {
        const at = hosts.slice(0, i).findIndex((earlier) => covers(earlier, one) || covers(one, earlier));
        return at < 0 ? undefined : at;
      });
      expect(firstOverlaps(hosts)).toEqual(compared);
    }),
    { numRuns: 2000 },
  );
});

test("reads each of many hosts a few times", () => {
  const hosts = Array.from({ length: 50_000 }, (_, i) => (i % 2 ? `h${i}.example` : `*.w${i}.example`));
  let reads = 0;
  const counted = new Proxy(hosts, {
    get(target, key) {
      reads += typeof key === "string" && /^\d+$/.test(key) ? 1 : 0;
      return Reflect.get(target, key);
    },
  });
  expect(firstOverlaps(counted).every((found) => found === undefined)).toBe(true);
  expect(reads).toBeGreaterThanOrEqual(hosts.length);
  expect(reads).toBeLessThanOrEqual(5 * hosts.length);
});
