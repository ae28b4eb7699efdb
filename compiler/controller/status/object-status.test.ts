import { expect, test } from "vitest";
import { type ObjectFacts, type Programming, statementsOf } from "./object-status.ts";

const FILE = {
  path: "kubernetes://shop/VirtualService/a",
  text: `spec:
  http:
  - route:
    - destination:
        host: nowhere
`,
};
const UNKNOWN_HOST = {
  code: "SL0401",
  level: "warning",
  message: 'no service has the host "nowhere"',
  help: "add a ServiceEntry",
  line: 5,
  column: 15,
  endLine: 5,
  endColumn: 22,
} as const;

function statements(facts: Partial<ObjectFacts>) {
  return statementsOf({ file: FILE, findings: [], ...facts }).map(
    ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
  );
}

test("what is wrong is said with its field and its code, and what holds instead", () => {
  expect(statements({})).toEqual(["Accepted=True Accepted: "]);
  expect(statements({ findings: [UNKNOWN_HOST] })).toEqual([
    'Accepted=True AcceptedWithWarnings: spec.http[0].route[0].destination.host: no service has the host "nowhere" (SL0401); add a ServiceEntry',
  ]);
  const error = { code: "SL0102", level: "error", message: "the name is missing" } as const;
  expect(statements({ findings: [UNKNOWN_HOST, error], heldBack: "left out" })).toEqual([
    'Accepted=False SL0102: the name is missing (SL0102)\nspec.http[0].route[0].destination.host: no service has the host "nowhere" (SL0401); add a ServiceEntry\nIt is left out.',
  ]);
  expect(statements({ findings: [error], heldBack: "at its last good version" })).toEqual([
    "Accepted=False SL0102: the name is missing (SL0102)\nIts last good version stays in effect.",
  ]);
});

test("a message is as long as somebody reads", () => {
  const [accepted] = statementsOf({
    file: FILE,
    findings: Array.from({ length: 1_000 }, () => UNKNOWN_HOST),
  });
  expect(accepted!.message.length).toBe(4_000);
  expect(accepted!.message.endsWith("…")).toBe(true);
});

test.each<[Programming["state"], number, string | undefined, string]>([
  ["waiting", 0, undefined, "False Pending: revision r1 is on no proxy yet"],
  ["rolling out", 2, "5%", "False RollingOut: revision r1 on 2 of 5 proxies, wave 5%"],
  ["done", 5, undefined, "True Programmed: revision r1 on 5 of 5 proxies"],
  ["taken back", 0, "envoy-1 refuses it", "False TakenBack: revision r1 was taken back: envoy-1 refuses it"],
])("%s", (state, on, words, expected) => {
  const programming = { revision: "r1", state, on, of: 5, ...(words !== undefined && { words }) };
  expect(statements({ programming })[1]).toBe(`Programmed=${expected}`);
});
