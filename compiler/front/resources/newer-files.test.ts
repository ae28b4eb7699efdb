import { expect, test } from "vitest";
import { CompilerCache } from "../../compile.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import { NO_PROGRESS } from "../../progress.ts";

const service = (name: string, port: number, more = ""): SourceFile => ({
  path: `${name}.yaml`,
  text: `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\nspec:\n  ports:\n  - name: http\n    port: ${port}\n${more}`,
});
const entry = (host: string): SourceFile => ({
  path: "entry.yaml",
  text: `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata:\n  name: entry\nspec:\n  hosts:\n  - ${host}\n  ports:\n  - name: http\n    number: 80\n    protocol: HTTP\n  resolution: DNS\n`,
});

function meshes(...inputs: readonly (readonly SourceFile[])[]) {
  const cache = new CompilerCache();
  return inputs.map((files) => cache.meshOf(files, NO_PROGRESS));
}

test("a newer version of an object takes its place, and nothing else is looked at", () => {
  const [a, b, c] = [service("a", 80), service("b", 80), entry("one.example")];
  const newer = service("b", 81);
  const [before, after] = meshes([a, b, c], [a, newer, c]);
  expect(after!.resources.services.map(({ spec }) => spec.ports![0]!.port)).toEqual([80, 81]);
  expect(after!.resources.services[0]).toBe(before!.resources.services[0]);
  expect(after!.resources.serviceEntries).toBe(before!.resources.serviceEntries);
});

test.each([
  ["another object in its place", [service("b", 80), { ...service("c", 80), path: "b.yaml" }]],
  ["something wrong with it", [service("b", 80), service("b", 0)]],
  ["something wrong with what it means", [entry("one.example"), entry("1.2.3")]],
  ["that nothing is wrong any more", [entry("1.2.3"), entry("one.example")]],
  [
    "a second document",
    [
      service("b", 80),
      { ...service("b", 80), text: `${service("b", 80).text}---\n${service("c", 80).text}` },
    ],
  ],
  [
    "a kind that is not ours",
    [service("b", 80), { path: "b.yaml", text: "apiVersion: v1\nkind: Other\nmetadata: {name: b}\n" }],
  ],
])("%s is found as in a first reading", (_what, [older, newer]) => {
  const a = service("a", 80);
  const [, after] = meshes([a, older!], [a, newer!]);
  const [cold] = meshes([a, newer!]);
  expect(JSON.stringify(after!.resources)).toBe(JSON.stringify(cold!.resources));
  expect(after!.findings.map(({ code, message }) => [code, message])).toEqual(
    cold!.findings.map(({ code, message }) => [code, message]),
  );
});

test("a copy that is not used does not take the place of the one that is", () => {
  const copy = { ...service("b", 80), path: "copy.yaml" };
  const [, after] = meshes([service("b", 80), copy], [service("b", 81), copy]);
  expect(after!.resources.services.map(({ spec }) => spec.ports![0]!.port)).toEqual([80]);
  expect(after!.findings.map(({ code }) => code)).toEqual(["SL0010"]);
});
