/**
 * Tests of several files run at once, and share this machine's loopback addresses: an address stands in one file alone, none of those
 * that meshes are given stands in any, and no server behind an Envoy closes connections by itself.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { SHARED_OUT } from "../harness/ports.ts";

const ROOT = packageRoot().directory;

const listed = (...patterns: string[]) =>
  execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...patterns], {
    cwd: ROOT,
    encoding: "utf8",
  })
    .split("\0")
    .filter((file) => file !== "");
const texts = (...patterns: string[]) =>
  listed(...patterns).map((file) => ({ file, text: readFileSync(path.join(ROOT, file), "utf8") }));

/** Recorded answers, and rules that a mesh gives addresses of its own. */
const isAsked = ({ file }: { readonly file: string }) => !file.startsWith("test/recorded/cases/");
const TESTS = texts("test/*.ts", "test/*.mjs", "scripts/*.test.ts", "compiler/*.test.ts").filter(isAsked);

/** Those of everybody, and those that become others (`harness/mesh.ts`). */
const COMMON = /^127\.(0\.0|20\.0)\./;

test("an address stands in one file, or in what belongs to that", () => {
  const files = new Map<string, Set<string>>();
  for (const { file, text } of TESTS) {
    for (const [address] of text.matchAll(/\b127\.\d+\.\d+\.\d+\b/g)) {
      if (!COMMON.test(address)) {
        files.set(address, (files.get(address) ?? new Set()).add(file.replace(/(\.test)?\.\w+$/, "")));
      }
    }
  }
  expect(files.size).toBeGreaterThan(50);
  const shared = [...files].filter(([, [first, ...others]]) =>
    others.some((other) => !other.startsWith(`${first}/`)),
  );
  expect(shared.map(([address, names]) => `${address}: ${[...names].join(", ")}`)).toEqual([]);
});

test("what meshes are given, nobody takes by himself", () => {
  const taken = TESTS.flatMap(({ file, text }) =>
    [...text.matchAll(/\b127\.(\d+)\./g)]
      .filter(([, second]) => Number(second) >= SHARED_OUT.first && Number(second) <= SHARED_OUT.last)
      .map(([address]) => `${file}: ${address}`),
  ).filter((line) => !line.startsWith("test/harness/ports.ts"));
  expect(taken).toEqual([]);
});

const HTTP_SERVER = /\b(?:https?\.createServer|createHttpServer)\(([^;]{0,80})/g;

test("a server behind an Envoy keeps its connections", () => {
  const servers = texts("test/*.ts").flatMap(({ file, text }) =>
    [...text.matchAll(HTTP_SERVER)].map(([, options]) => ({ file, options: options! })),
  );
  expect(servers.length).toBeGreaterThan(20);
  const others = servers.filter(({ options }) => !options.includes("KEPT_CONNECTIONS"));
  expect(others.map(({ file, options }) => `${file}: ${options}`)).toEqual([]);
});
