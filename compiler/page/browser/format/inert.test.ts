import fc from "fast-check";
import { expect, test } from "vitest";
import { inert, LONGEST } from "./inert.ts";

test("what has no shape of its own is written as its number", () => {
  expect(inert("a\nb\u0000c\u202egnp.exe\u2066")).toBe("a⟨U+000A⟩b⟨U+0000⟩c⟨U+202E⟩gnp.exe⟨U+2066⟩");
  expect(inert("half \ud83d")).toBe("half ⟨U+D83D⟩");
  expect(inert("שלום 世界 🙂")).toBe("שלום 世界 🙂");
});

test("what is long is cut, and says how long it is", () => {
  expect(inert("x".repeat(8192))).toBe(`${"x".repeat(LONGEST)}… (8192 characters)`);
});

test("nothing is left that moves what stands beside it, and no text is long", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (text) => {
      const shown = inert(text);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(shown.length).toBeLessThan(LONGEST * 9);
    }),
  );
});
