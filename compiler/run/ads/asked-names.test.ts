import fc from "fast-check";
import { expect, test } from "vitest";
import type { Resource } from "../../back/xds/resource-set.ts";
import { AskedNames } from "./asked-names.ts";

const NAMES = Array.from({ length: 24 }, (_, i) => `name-${i}`);
const offered = (names: readonly string[]) => new Map(names.map((name) => [name, {} as Resource]));

test("whatever is asked for and shared, they are the names of a set", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constantFrom("add", "delete"), names: fc.subarray(NAMES) }),
    fc.record({ kind: fc.constant("share"), names: fc.oneof(fc.subarray(NAMES), fc.constant(NAMES)) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const [names, model] = [new AskedNames(), new Set<string>()];
      for (const { kind, names: these } of [{ kind: "add", names: NAMES }, ...steps]) {
        if (kind === "share") {
          names.share(offered(these));
          names.share(offered([...model]));
        }
        for (const name of kind === "share" ? [] : these) {
          names[kind as "add" | "delete"](name);
          model[kind as "add" | "delete"](name);
        }
        expect(NAMES.filter((name) => names.has(name))).toEqual(NAMES.filter((name) => model.has(name)));
      }
    }),
  );
});
