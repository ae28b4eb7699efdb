import { chance, random, seedRandomWith } from "./random";

describe("dice", () => {
  it("fall as often as told, within five standard deviations", () => {
    seedRandomWith(0x0123456789abcdef, 0xfedcba9876543210);
    let hits = 0;
    for (let i = 0; i < 1000000; i++) if (chance(250000)) hits++;
    expect(hits > 250000 - 2165 && hits < 250000 + 2165).toBe(true);
  });

  it("know always and never", () => {
    seedRandomWith(1, 2);
    let always = 0;
    let never = 0;
    for (let i = 0; i < 100000; i++) {
      if (chance(1000000)) always++;
      if (chance(0)) never++;
    }
    expect(always).toBe(100000);
    expect(never).toBe(0);
  });

  it("use all their bits", () => {
    seedRandomWith(3, 4);
    let seen: u64 = 0;
    for (let i = 0; i < 100; i++) seen |= random();
    expect(seen).toBe(u64.MAX_VALUE);
  });
});
