import { expect, test } from "vitest";
import type { Resource } from "../resources/resource.ts";
import { byAge } from "./order.ts";

function resource(name: string, namespace: string, creationTimestamp?: string): Resource<unknown> {
  const span = { file: { path: "", text: "" }, start: 0, end: 0 };
  return {
    kind: "VirtualService",
    apiVersion: "networking.istio.io/v1",
    name,
    namespace,
    labels: {},
    annotations: {},
    ...(creationTimestamp && { creationTimestamp }),
    spec: {},
    span,
    spanOf: () => span,
  };
}

test("the oldest first, one without a time before all; then by name, then by namespace", () => {
  const sorted = [
    resource("late", "a", "2024-02-01T00:00:00Z"),
    resource("early", "a", "2024-01-01T01:00:00+02:00"),
    resource("b", "z"),
    resource("b", "a"),
    resource("B", "z"),
  ].sort(byAge);
  expect(sorted.map(({ name, namespace }) => `${namespace}/${name}`)).toEqual([
    "z/B",
    "a/b",
    "z/b",
    "a/early",
    "a/late",
  ]);
});
