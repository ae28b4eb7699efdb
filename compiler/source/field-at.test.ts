import { expect, test } from "vitest";
import { fieldsOf, kubernetesField } from "./field-at.ts";
import type { FieldPath } from "./field-path.ts";
import { parseDocuments } from "./parse.ts";

const BLOCK = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  annotations:
    team.example/owner: "a b"
spec:
  hosts: [reviews, "*.example.com"]
  http:
  - match:
    - uri:
        prefix: /a
    route:
    - destination: {host: reviews}
  - timeout: 5s
`;

function pathsOf(value: unknown, under: FieldPath = []): FieldPath[] {
  const below =
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, field]) =>
          pathsOf(field, [...under, Array.isArray(value) ? Number(key) : key]),
        )
      : [];
  return under.length === 0 ? below : [under, ...below];
}

test.each([
  ["a block", BLOCK],
  ["JSON", JSON.stringify(parseDocuments({ path: "a", text: BLOCK }, { report() {} })[0]!.value)],
])("every field of %s is found where a finding would say that it stands", (_, text) => {
  const file = { path: "rules.yaml", text };
  const [document] = parseDocuments(file, { report() {} });
  const fieldAt = fieldsOf(file);
  for (const path of pathsOf(document!.value)) {
    if (typeof path.at(-1) === "string") {
      expect(fieldAt(document!.keySpanOf(path)), `the key of ${path.join(".")}`).toEqual(path);
    }
    expect(fieldAt(document!.spanOf(path)), `the value of ${path.join(".")}`).toEqual(path);
  }
});

test("the second document of a file is told from the first", () => {
  const file = { path: "rules.yaml", text: `a: 1\n---\nb: [1, 2]\n` };
  const [, second] = parseDocuments(file, { report() {} });
  expect(fieldsOf(file)(second!.spanOf(["b", 1]))).toEqual(["b", 1]);
});

test("a place of no field is the document", () => {
  const fieldAt = fieldsOf({ path: "rules.yaml", text: "# nothing\n\na: 1\n" });
  expect(fieldAt({ start: 0, end: 1 })).toEqual([]);
  expect(fieldAt({ start: 999, end: 1000 })).toEqual([]);
});

test("fields are written as Kubernetes writes them", () => {
  expect(kubernetesField(["spec", "http", 0, "match"])).toBe("spec.http[0].match");
  expect(kubernetesField(["metadata", "annotations", "a.b/c"])).toBe("metadata.annotations[a.b/c]");
  expect(kubernetesField([])).toBe("");
});
