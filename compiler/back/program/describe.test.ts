import { describe, expect, test } from "vitest";
import type { Route } from "../../ir/ir.ts";
import { describeProgram, ProgramError } from "./describe.ts";
import { encodeProgram } from "./encode.ts";
import { exact, header, prefix, present, route, table, to } from "./rules.fixture.ts";

const conditionsOf = (routes: readonly Route[]) =>
  describeProgram(encodeProgram(table({ "*": routes }))).hosts[0]!.routes.map(({ conditions }) =>
    [...conditions].sort(),
  );

describe("the description of a routing program", () => {
  test("tells sections that fill the blob without a gap", () => {
    const blob = encodeProgram(table({ "a.example": [route(exact("/a"), "a")] }));
    const { sections, unpackedSize, records } = describeProgram(blob);
    let end = 0;
    for (const section of sections) {
      expect(section.offset).toBe(end);
      end += section.size;
    }
    expect(end).toBe(unpackedSize);
    expect(records.reduce((sum, record) => sum + record.size, 0)).toBe(sections[1]!.size);
  });

  test("tells hosts, routes in order, and what they ask for", () => {
    const description = describeProgram(
      encodeProgram(
        table({
          "a.example *.b.example": [
            route(exact("/a"), to({ x: 1, y: 3 }), { headers: [header("x-a", present)] }),
            route(prefix("/B/"), "z", { ignoreCase: true, queryParams: [{ name: "q", match: exact("1") }] }),
          ],
          "*": [route(undefined, { kind: "directResponse", status: 502, body: "no" })],
        }),
      ),
    );
    expect(description).toMatchObject({
      headers: ["x-a"],
      queryParams: ["q"],
      virtualHostCount: 2,
      hosts: [
        {
          domains: ["*.b.example", "a.example"],
          routes: [
            { index: 0, conditions: ["header x-a present", 'path = "/a"'], outcome: "to 1 × x, 3 × y" },
            { index: 1, conditions: ['query q = "1"', 'path (any case) starts with "/b/"'], outcome: "to z" },
          ],
        },
        { domains: ["*"], routes: [{ index: 2, conditions: [], outcome: "answer 502 with 2 bytes" }] },
      ],
    });
  });

  test("says the same whatever nodes the conditions became", () => {
    const tables = Array.from({ length: 12 }, (_, i) => route(exact(`/${i}`), `c${i}`));
    expect(conditionsOf(tables)).toEqual(tables.map((_, i) => [`path = "/${i}"`]));

    const fan = Array.from({ length: 12 }, (_, i) =>
      route(undefined, `c${i}`, { headers: [header(`x-${String.fromCharCode(97 + i)}`, exact("v"))] }),
    );
    expect(conditionsOf(fan)).toEqual(fan.map((_, i) => [`header x-${String.fromCharCode(97 + i)} = "v"`]));

    const bits = Array.from({ length: 40 }, (_, i) =>
      route(prefix(`/${"a".repeat(i + 1)}`), `c${i}`, {
        headers: [
          header("x-b", prefix("b".repeat(40 - i))),
          header("x-c", exact("c"), { invert: true, missingAsEmpty: true }),
          header("x-d", present, { invert: i % 2 === 0 }),
        ],
      }),
    );
    expect(describeProgram(encodeProgram(table({ "*": bits }))).records.map(({ kind }) => kind)).toContain(
      "bits",
    );
    expect(conditionsOf(bits)).toEqual(
      bits.map((_, i) =>
        [
          `path starts with "/${"a".repeat(i + 1)}"`,
          `header x-b starts with "${"b".repeat(40 - i)}"`,
          'not header x-c = "c"',
          `${i % 2 === 0 ? "not " : ""}header x-d present`,
        ].sort(),
      ),
    );
  });

  test("refuses other bytes", () => {
    const blob = encodeProgram(table({ "*": [] }));
    expect(() => describeProgram(new Uint8Array(3))).toThrow(ProgramError);
    expect(() => describeProgram(new Uint8Array(1000))).toThrow(ProgramError);
    expect(() => describeProgram(blob.subarray(0, -4))).toThrow(ProgramError);
    const changed = blob.slice();
    changed[60]! ^= 1;
    expect(() => describeProgram(changed)).toThrow(ProgramError);
  });
});
