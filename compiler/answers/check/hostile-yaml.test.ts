/**
 * Texts that were made to hurt a parser: whatever one is, `check` says something with a place in it, or nothing; it never
 * throws, and takes a bounded time. `npm run fuzz` looks for more of them.
 */

import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { Ignores } from "../../diagnostics/ignores.ts";
import { renderGithub } from "../../diagnostics/render/github.ts";
import { toJson } from "../../diagnostics/render/json.ts";
import { renderText } from "../../diagnostics/render/text.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { checkSources } from "./check.ts";

const to = (host: string) => ({ destination: { host, port: { number: 80 } } });
const virtualService = (spec: object) => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "a", namespace: "default" },
  spec,
});

/** What `check` does with a text; throws when it throws. */
function check(text: string): Diagnostic[] {
  const found: Diagnostic[] = [];
  const ignores = new Ignores();
  const file = { path: "hostile.yaml", text };
  const sink = {
    report: (diagnostic: Diagnostic) => void (ignores.silences(diagnostic) || found.push(diagnostic)),
  };
  checkSources([file], DEFAULT_PROXY_OPTIONS, sink);
  ignores.reportUseless([file], { report: (diagnostic) => found.push(diagnostic) });
  for (const diagnostic of found) {
    toJson(diagnostic);
  }
  renderGithub(found);
  return found;
}

describe("hostile YAML", () => {
  test.each([
    ["deep lists", "[".repeat(200_000)],
    ["deep mappings", "a: ".repeat(50_000)],
    ["deep dashes", "- ".repeat(50_000)],
    ["deep indentation", Array.from({ length: 3000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    [
      "an alias bomb",
      `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefghijk"
        .split("")
        .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghij"[i]}`).join()}]`)
        .join("\n")}\n`,
    ],
    ["an alias of itself", "a: &a [*a]\n"],
    ["a line of 30 MB", `apiVersion: v1\nkind: Service\nmetadata: {name: "${"x".repeat(30_000_000)}"}\n`],
    ["30 MB of list on a line", `a: [${"1,".repeat(15_000_000)}]`],
    ["nothing but comments", "# sluice: ignore SL0801 x\n".repeat(20_000)],
    ["hashes", "#".repeat(2_000_000)],
    ["NUL", "\0".repeat(100_000)],
    ["BOM in the middle", "a: 1\n\ufeffb: 2\n"],
    ["tabs", "a:\n\t- b\n"],
    ["CRLF", "apiVersion: v1\r\nkind: Service\r\nmetadata:\r\n  name: a\r\n"],
    ["many documents", "---\n".repeat(100_000)],
    [
      "a regex of a megabyte",
      JSON.stringify(
        virtualService({
          hosts: ["a.example"],
          http: [{ match: [{ uri: { regex: "[".repeat(1_000_000) } }], route: [to("s")] }],
        }),
      ),
    ],
    [
      "prefixes of a megabyte",
      JSON.stringify(
        virtualService({
          hosts: ["a.example"],
          http: Array.from({ length: 5 }, (_, i) => ({
            match: [{ uri: { prefix: `/${"a".repeat(1_000_000 - i)}` } }],
            route: [to("s")],
          })),
        }),
      ),
    ],
  ])("%s", { timeout: 60_000 }, (_name, text) => {
    const start = performance.now();
    check(text);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

describe("many of the same", () => {
  const HEAD = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec:\n";

  test.each([
    ["mistakes in the YAML are told up to a number", "'a' ".repeat(20_000), "SL0005", 20],
    ["keys that are there twice, too", "k: v\n".repeat(20_000), "SL0008", 20],
    ["unknown fields are all told", HEAD + many(20_000, (i) => `  k${i}: v\n`), "SL0104", 20_000],
    ["hosts that overlap", `${HEAD}  hosts: [${"a.example,".repeat(50_000)}]\n`, "SL0216", 49_999],
    ["aliases", `a: &a [1]\nb: [${"*a,".repeat(20_000)}]\n`, "SL0007", 1],
    [
      "merges of a large mapping",
      `a: &a {${many(10_000, (i) => `k${i}: v,`)}}\nb:\n${"- <<: *a\n".repeat(10_000)}`,
      "SL0007",
      1,
    ],
    ["comments that silence nothing", "# sluice: ignore SL0801 x\n".repeat(20_000), "SL0901", 20_000],
  ])("%s", { timeout: 60_000 }, (_name, text, code, count) => {
    const start = performance.now();
    expect(check(text).filter((diagnostic) => diagnostic.code === code)).toHaveLength(count);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test("a thousand findings are shown, those that matter most", () => {
    const file = { path: "a.yaml", text: "a\n".repeat(3000) };
    const found = Array.from({ length: 3000 }, (_, i): Diagnostic => {
      const level = i % 300 === 0 ? "error" : "warning";
      return {
        code: level === "error" ? "SL0104" : "SL0401",
        level,
        message: "x",
        span: { file, start: i * 2, end: i * 2 + 1 },
      };
    });
    const text = renderText(found, picocolors.createColors(false));
    expect(text.match(/error\[/g)).toHaveLength(10);
    expect(text.match(/warning\[/g)).toHaveLength(990);
    expect(text).toContain("2000 more are not shown");
  });
});

function many(count: number, make: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => make(i)).join("");
}
