import { describe, expect, test } from "vitest";
import { formatVersion, isAtLeast, isSupported, parseVersion, readVersionOutput } from "./version.ts";

describe("readVersionOutput", () => {
  test("reads what Envoy prints", () => {
    const output =
      "\n/usr/bin/envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean/RELEASE/BoringSSL\n\n";
    expect(readVersionOutput(output)).toEqual({ major: 1, minor: 40, patch: 0, suffix: "" });
  });

  test("keeps a suffix", () => {
    const version = readVersionOutput("envoy  version: abc/1.39.1-dev/Modified/DEBUG/BoringSSL");
    expect(version && formatVersion(version)).toBe("1.39.1-dev");
  });

  test.each(["", "envoy 1.40.0", "version: abc/nightly/Clean"])("makes nothing of %j", (output) => {
    expect(readVersionOutput(output)).toBeUndefined();
  });
});

test.each([
  ["1.36.1", false],
  ["1.36.2", true],
  ["1.36.9", true],
  ["1.38.0", true],
  ["1.40.0", true],
  ["1.40.17", true],
  ["1.41.0", false],
  ["1.4.0", false],
  ["2.38.0", false],
])("support of %s is %s", (text, expected) => {
  expect(isSupported(parseVersion(text)!)).toBe(expected);
});

test("a release is that one or a later one, number by number", () => {
  for (const later of ["1.37.0", "1.37.10", "1.40.0", "2.0.0"]) {
    expect(isAtLeast(later, "1.37.0"), later).toBe(true);
  }
  for (const earlier of ["1.36.10", "1.9.9", "0.99.0", "unknown"]) {
    expect(isAtLeast(earlier, "1.37.0"), earlier).toBe(false);
  }
});
