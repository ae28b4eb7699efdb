import { describe, expect, test } from "vitest";
import { isCountedByRoute, MOST_COUNTED_ROUTES, tooManyToCount } from "./route-counters.ts";
import { emitNativeRoutes } from "./xds/native-routes.ts";
import { testListener, testOptions, testRoute } from "./xds/testing.ts";

const ORIGIN = { ruleId: "shop/reviews#split", id: "shop/reviews#split" } as never;

function prefixOf(route: object, ruleCounters: "auto" | "on" | "all" | "off") {
  const listener = testListener([testRoute(route)]);
  const table = emitNativeRoutes(listener, "mesh", { ...testOptions(), ruleCounters });
  return table.virtual_hosts[0]!.routes![0]!.stat_prefix;
}

describe("Envoy's own routes count by rule", () => {
  test("only where that is asked for", () => {
    expect(prefixOf({ origin: ORIGIN }, "auto")).toBeUndefined();
    expect(prefixOf({ origin: ORIGIN }, "off")).toBeUndefined();
    expect(prefixOf({ origin: ORIGIN }, "on")).toBe("listener=.=mesh;.;rule=.=shop/reviews#split;");
    expect(prefixOf({}, "on")).toBeUndefined();
  });

  test("with the match, and with what the rule calls its statistics itself", () => {
    const origin = { ruleId: "shop/reviews#split", id: "shop/reviews#split.2" };
    expect(prefixOf({ origin, statPrefix: "own" }, "on")).toBe(
      "listener=.=mesh;.;rule=.=shop/reviews#split;.;match=.=2;.;own",
    );
    expect(prefixOf({ origin, statPrefix: "own" }, "auto")).toBe("own");
  });

  test("up to as many as nobody notices, unless all are asked for", () => {
    const listener = testListener(
      Array.from({ length: MOST_COUNTED_ROUTES + 1 }, () => testRoute({ origin: ORIGIN })),
    );
    expect(isCountedByRoute(listener, { ruleCounters: "on" })).toBe(false);
    expect(tooManyToCount(listener, { ruleCounters: "on" })).toMatchObject([{ code: "SL0963" }]);
    expect(isCountedByRoute(listener, { ruleCounters: "all" })).toBe(true);
    for (const ruleCounters of ["all", "auto", "off"] as const) {
      expect(tooManyToCount(listener, { ruleCounters })).toEqual([]);
    }
  });
});
