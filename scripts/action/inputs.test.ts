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
  [{ rules: " \n" }, "rules: expected files or folders of rules, one per line, got none"],
  [{ rules: "../other" }, 'rules: expected a path inside the repository, got "../other"'],
  [{ rules: "a/../../b" }, "rules: expected a path inside the repository"],
  [{ rules: "/etc" }, "rules: expected a path inside the repository"],
  [{ rules: "-" }, 'write "./-"'],
  [{ cases: "--envoy" }, 'cases: expected a path inside the repository, got "--envoy"; write "./--envoy"'],
  [{ config: "../sluice.yaml" }, "config: expected a path"],
  [{ strict: "yes" }, 'strict: expected true or false, got "yes"'],
  [{ diff: "" }, 'diff: expected true or false, got ""'],
  [{ base: "--upload-pack=touch pwned" }, "base: expected a branch, a tag or a commit"],
])("%j is refused", (inputs, message) => {
  expect(() => read(inputs)).toThrow(message);
});
