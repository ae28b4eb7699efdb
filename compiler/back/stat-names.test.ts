import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { labelValue, matchLabel, parseStatName, routeLabel, ruleLabel, statName } from "./stat-names.ts";

describe("labels", () => {
  test("leave ids of rules and names of clusters as they are", () => {
    for (const text of ["shop/reviews#split", "outbound|9080|v1|reviews.shop.svc.cluster.local", "a_b-c.1"]) {
      expect(labelValue(text)).toBe(text);
    }
  });

  test("hold nothing that has a meaning in a name, a log line or Prometheus' text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
        expect(labelValue(text)).toMatch(/^[A-Za-z0-9_./|#%-]{0,200}$/);
      }),
    );
  });

  test("differ where long texts differ at their ends", () => {
    const long = "x".repeat(300);
    expect(labelValue(`${long}a`)).not.toBe(labelValue(`${long}b`));
    expect(labelValue(`${long}a`)).toHaveLength(200);
  });

  test("of a route are its rule's and its match's", () => {
    const one = { ruleId: "shop/a#b.c", id: "shop/a#b.c" };
    expect([ruleLabel(one), matchLabel(one), routeLabel(one)]).toEqual(["shop/a#b.c", "", "shop/a#b.c"]);
    const several = { ruleId: "shop/a#b", id: "shop/a#b.c d" };
    expect([ruleLabel(several), matchLabel(several), routeLabel(several)]).toEqual([
      "shop/a#b",
      "c%20d",
      "shop/a#b.c%20d",
    ]);
    expect([ruleLabel(undefined), matchLabel(undefined), routeLabel(undefined)]).toEqual(["", "", ""]);
  });

  test("come back from the name of a statistic", () => {
    const labels = {
      listener: "mesh",
      rule: labelValue('shop/a"b;.;c#0'),
      cluster: "outbound|80||a.example",
    };
    const name = statName("sluice_requests_total", labels);
    expect(parseStatName(`wasmcustom.${name}`)).toEqual({ metric: "sluice_requests_total", labels });
    expect(parseStatName("cluster.a.upstream_rq_total")).toBeUndefined();
  });
});
