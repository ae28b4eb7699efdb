import { expect, test } from "vitest";
import { NodeError, readNode } from "./node.ts";

const NODE = { id: "edge-1", cluster: "edge", metadata: {} };

test("what Istio's bootstraps say is read", () => {
  const metadata = { NAMESPACE: "shop", LABELS: { app: "edge" }, MESH_PORT: "15001" };
  expect(readNode({ ...NODE, metadata })).toEqual({
    id: "edge-1",
    cluster: "edge",
    namespace: "shop",
    labels: { app: "edge" },
    metadata: { MESH_PORT: "15001" },
  });
});

test.each([
  ["the node has no id", { id: "" }],
  ["longer than 512 characters", { id: "x".repeat(513) }],
  ["longer than 512 characters", { cluster: "x".repeat(513) }],
  ["metadata takes", { metadata: { HUGE: "x".repeat(300_000) } }],
  ["NAMESPACE", { metadata: { NAMESPACE: 7 } }],
  ["LABELS", { metadata: { LABELS: { app: 7 } } }],
])("%s: nobody is served by that", (words, bad) => {
  expect(() => readNode({ ...NODE, ...bad })).toThrow(NodeError);
  expect(() => readNode({ ...NODE, ...bad })).toThrow(words);
});
