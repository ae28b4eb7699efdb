import { afterEach, expect, test, vi } from "vitest";
import { readInputs } from "./inputs.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

function read(inputs: Readonly<Record<string, string>>) {
  const all = { rules: "rules", strict: "false", diff: "true", ...inputs };
  for (const [name, text] of Object.entries(all)) {
    vi.stubEnv(`INPUT_${name.toUpperCase()}`, text);
  }
  return readInputs();
}

test("lists have an item a line; what is not given is absent", () => {
  expect(read({ rules: "rules/\n\n  more rules/a.yaml \n./-odd\n." })).toEqual({
    rules: ["rules", "more rules/a.yaml", "./-odd", "."],
    config: undefined,
    strict: false,
    cases: [],
    coverageThreshold: undefined,
    diff: true,
    base: undefined,
  });
});

test.each([
  [{ rules: " \n" }, "rules: no paths; name files or folders of rules, one per line"],
  [{ rules: "../other" }, 'rules: "../other" is not a path inside the repository'],
  [{ rules: "a/../../b" }, "is not a path inside the repository"],
  [{ rules: "/etc" }, "is not a path inside the repository"],
  [{ rules: "-" }, 'write "./-"'],
  [{ cases: "--envoy" }, 'cases: "--envoy" is not a path inside the repository; write "./--envoy"'],
  [{ config: "../sluice.yaml" }, 'config: "../sluice.yaml" is not a path'],
  [{ strict: "yes" }, 'strict: "yes" is not valid; use true or false'],
  [{ diff: "" }, 'diff: "" is not valid; use true or false'],
  [{ base: "--upload-pack=touch pwned" }, "is not a branch, a tag or a commit"],
])("%j is refused", (inputs, message) => {
  expect(() => read(inputs)).toThrow(message);
});
