import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import { duration, failures, isLate, type Row, renderTable, share } from "./report.ts";

const plain = picocolors.createColors(false);

function row(...fits: boolean[]): Row {
  const checks = fits.map((fit) => ({
    asked: "10 × a/",
    expected: "all to a",
    observed: "10 of 10",
    fits: fit,
  }));
  return { resource: "VirtualService a", rule: "one", where: "a.yaml:3", checks };
}

describe("share", () => {
  test("accepts the interval and nothing beside it", () => {
    const of = 1000;
    const fits = (count: number) => share("to a", 0.1, count, of).fits;
    const accepted = Array.from({ length: of + 1 }, (_, count) => count).filter(fits);
    expect(accepted[0]).toBe(57);
    expect(accepted.at(-1)).toBe(149);
    expect(accepted).toHaveLength(149 - 57 + 1);
    expect(share("to a", 0.1, 100, of).expected).toContain("57–149");
  });

  test("leaves nothing to chance where nothing is", () => {
    expect(share("to a", 1, 20, 20).fits).toBe(true);
    expect(share("to a", 1, 19, 20).fits).toBe(false);
    expect(share("to a", 0, 1, 20).fits).toBe(false);
  });
});

describe("duration", () => {
  test("is never much too early, and late only by the slack", () => {
    expect(duration("after", 1000, [998, 1700], 1000).fits).toBe(true);
    expect(duration("after", 1000, [900, 1100], 1000).fits).toBe(false);
    expect(duration("after", 1000, [1000, 2100], 1000).fits).toBe(false);
  });

  test("does not fit when nothing was measured", () => {
    expect(duration("after", 1000, [], 1000).fits).toBe(false);
  });

  test("a delay may be early by what Envoy's timers are", () => {
    expect([isLate(1999, 2000), isLate(1900, 2000)]).toEqual([true, false]);
  });
});

test("a rule failed when one of its checks did", () => {
  expect(failures([row(true, true), row(true, false), row()])).toEqual([row(true, false)]);
});

describe("renderTable", () => {
  test("names each rule with its place, and each thing asked once", () => {
    const lines = renderTable([row(true, false)], plain).split("\n");
    expect(lines[1]).toBe("VirtualService a › one  a.yaml:3");
    expect(lines[2]).toMatch(/^ {2}✓ 10 × a\/ +all to a +10 of 10$/);
    expect(lines[3]).toMatch(/^ {2}✗ +all to a +10 of 10$/);
  });

  test("says why nothing was asked", () => {
    expect(renderTable([{ ...row(), note: "because" }], plain)).toContain("– because");
  });

  test("has colours only when they are wanted", () => {
    expect(renderTable([row(true)], plain)).not.toContain("\x1b");
    expect(renderTable([row(true)], picocolors.createColors(true))).toContain("\x1b");
  });
});
