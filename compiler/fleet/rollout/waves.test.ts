import { describe, expect, test } from "vitest";
import { membersOf, parseWaves, WaveError } from "./waves.ts";

describe("parseWaves", () => {
  test("reads what an operator writes", () => {
    expect(parseWaves("shadow, 1, 5 %, 25%, all")).toEqual(["shadow", "1", "5%", "25%", "100%"]);
    expect(parseWaves("all")).toEqual(["100%"]);
    expect(parseWaves("1,3,0.5%,100%")).toEqual(["1", "3", "0.5%", "100%"]);
  });

  test.each([
    ["", "is not a wave"],
    ["1,half,all", '"half"'],
    ["0,all", '"0"'],
    ["101%", '"101%"'],
    ["1,shadow,all", "first"],
    ["25%,5%,all", "not larger"],
    ["5%,1,all", "not larger"],
    ["1,5%", '"all"'],
  ])("%j is a mistake", (text, words) => {
    expect(() => parseWaves(text)).toThrow(WaveError);
    expect(() => parseWaves(text)).toThrow(words);
  });
});

test("one that joins or leaves moves nobody else", () => {
  const all = Array.from({ length: 1000 }, (_, i) => ({ id: `p${i}`, scope: "s", canary: false }));
  const before = membersOf({ kind: "share", percent: 5 }, all);
  const after = membersOf(
    { kind: "share", percent: 5 },
    all.filter(({ id }) => id !== before[3]),
  );
  expect(before).toHaveLength(50);
  expect(after.slice(0, 49)).toEqual(before.filter((_, i) => i !== 3));
});
