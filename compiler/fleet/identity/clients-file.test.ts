import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../platform/package-root.ts";
import { readClients } from "./clients-file.ts";

const read = (text: string) =>
  readClients("dir/clients.yaml", text, (file) => {
    if (!file.endsWith("/dir/tokens/edge")) {
      throw new Error(`${file} is not there`);
    }
    return [Buffer.from("digest")];
  });

test("every way to prove who one is, and what may be claimed", () => {
  const digest = "ab".repeat(32);
  const result = read(`
clients:
  - spiffe: spiffe://cluster.local/ns/shop/sa/*
  - name: edge.example
    namespaces: [edge]
    labels: { istio: ingressgateway, app: [a, b] }
    ids: ["edge-*"]
  - tokenSha256: sha256:${digest}
    namespaces: ["*"]
  - tokenFile: tokens/edge
    namespaces: [edge]
`);
  expect(result).toEqual({
    clients: [
      { proof: { spiffe: "spiffe://cluster.local/ns/shop/sa/*" } },
      {
        proof: { name: "edge.example" },
        grant: {
          namespaces: ["edge"],
          labels: { istio: ["ingressgateway"], app: ["a", "b"] },
          ids: ["edge-*"],
        },
      },
      {
        proof: {
          tokenDigests: [Buffer.from(digest, "hex")],
          said: "the client with the token sha256:abababababab…",
        },
        grant: { namespaces: ["*"] },
      },
      {
        proof: { tokenDigests: [Buffer.from("digest")], said: "the client with the token of tokens/edge" },
        grant: { namespaces: ["edge"] },
      },
    ],
  });
});

test.each([
  ["", "dir/clients.yaml: it is empty"],
  ["clients: [", "dir/clients.yaml:1:"],
  ["client: []", "dir/clients.yaml:1:1: the file needs the field clients"],
  ["clients:\n  - {}", "dir/clients.yaml:2:5: a client needs one of spiffe"],
  ["clients:\n  - name: a", "dir/clients.yaml:2:5: a client without a SPIFFE id needs the field namespaces"],
  [
    "clients:\n  - spiffe: spiffe://a/*\n    labels: {}",
    "dir/clients.yaml:2:5: a client with labels or ids needs",
  ],
  ["clients:\n  - name: a\n    spiffe: spiffe://a/b", "clients[1].name cannot be combined with spiffe"],
  ["clients:\n  - spiffe: shop/web", 'dir/clients.yaml:2:13: "shop/web" is not a valid SPIFFE id'],
  ["clients:\n  - tokenSha256: abc\n    namespaces: [a]", "dir/clients.yaml:2:18: tokenSha256 is not 64"],
  ["clients:\n  - tokenFile: gone\n    namespaces: [a]", "dir/clients.yaml:2:16: gone: "],
  ["clients:\n  - name: a\n    namespaces: a", "dir/clients.yaml:3:17: clients[1].namespaces must be a list"],
])("%j is refused with its place", (text, problem) => {
  const result = read(text);
  expect("problems" in result && result.problems[0]).toContain(problem);
});

test("the file that the documentation shows is one", () => {
  const page = readFileSync(path.join(packageRoot().directory, "docs/fleet.md"), "utf8");
  const [, shown] = /```yaml\n(clients:[\s\S]*?)```/.exec(page)!;
  expect(readClients("clients.yaml", shown!, () => [])).toMatchObject({ clients: { length: 4 } });
});
