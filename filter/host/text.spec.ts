import { ascii, copyLower, equalBytes } from "./text";

describe("byte strings", () => {
  it("are compared over their whole length", () => {
    const a = ascii("abcdefghijklmnopqrstuvwxyz");
    let wrong = 0;
    for (let length = 1; length <= 26; length++) {
      const b = ascii("abcdefghijklmnopqrstuvwxyz");
      if (!equalBytes(a, b, length)) wrong++;
      store<u8>(b + length - 1, 0x21);
      if (equalBytes(a, b, length)) wrong++;
      if (!equalBytes(a, b, length - 1)) wrong++;
    }
    expect(wrong).toBe(0);
  });

  it("become lower case, ASCII letters only", () => {
    const from = ascii("AZaz@[`{09-");
    const to = ascii("           ");
    copyLower(to, from, 11);
    expect(equalBytes(to, ascii("azaz@[`{09-"), 11)).toBe(true);
  });
});
