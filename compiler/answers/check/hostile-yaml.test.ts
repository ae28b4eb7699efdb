/**
 * Texts that were made to hurt a parser: whatever one is, `check` says something with a place in it, or nothing; it never
 * throws, and its work grows in proportion to the text. `npm run fuzz` looks for more of them.
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

/** Processor time, which a busy machine does not stretch as it stretches the clock. Nothing else counts the work of the YAML library. */
function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Four times the text is four times the work, and sixteen times where it grows with the square: ten lies far from both. */
function expectLinear(quarterMs: number, wholeMs: number): void {
  expect(wholeMs).toBeLessThan(10 * quarterMs + NOISE_MS);
}

/** What the collector of garbage and the compiler of JavaScript may add. */
const NOISE_MS = 1000;

describe("hostile YAML", () => {
  test.each([
    [
      "an alias bomb",
      `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefghijk"
        .split("")
        .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghij"[i]}`).join()}]`)
        .join("\n")}\n`,
    ],
    ["an alias of itself", "a: &a [*a]\n"],
    ["BOM in the middle", "a: 1\n\ufeffb: 2\n"],
    ["tabs", "a:\n\t- b\n"],
    ["CRLF", "apiVersion: v1\r\nkind: Service\r\nmetadata:\r\n  name: a\r\n"],
  ])("%s", (_name, text) => {
    check(text);
  });

  test.each<readonly [name: string, size: number, make: (size: number) => string]>([
    ["deep lists", 200_000, (n) => "[".repeat(n)],
    ["deep mappings", 50_000, (n) => "a: ".repeat(n)],
    ["deep dashes", 50_000, (n) => "- ".repeat(n)],
    ["deep indentation", 3000, (n) => Array.from({ length: n }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    [
      "a line of 10 MB",
      10_000_000,
      (n) => `apiVersion: v1\nkind: Service\nmetadata: {name: "${"x".repeat(n)}"}\n`,
    ],
    ["30 MB of list on a line", 15_000_000, (n) => `a: [${"1,".repeat(n)}]`],
    ["nothing but comments", 20_000, (n) => "# sluice: ignore SL0801 x\n".repeat(n)],
    ["hashes", 2_000_000, (n) => "#".repeat(n)],
    ["NUL", 100_000, (n) => "\0".repeat(n)],
    ["many documents", 100_000, (n) => "---\n".repeat(n)],
    [
      "a regex of a megabyte",
      1_000_000,
      (n) =>
        JSON.stringify(
          virtualService({
            hosts: ["a.example"],
            http: [{ match: [{ uri: { regex: "[".repeat(n) } }], route: [to("s")] }],
          }),
        ),
    ],
    [
      "prefixes of hundreds of kilobytes",
      300_000,
      (n) =>
        JSON.stringify(
          virtualService({
            hosts: ["a.example"],
            http: Array.from({ length: 5 }, (_, i) => ({
              match: [{ uri: { prefix: `/${"a".repeat(n - i)}` } }],
              route: [to("s")],
            })),
          }),
        ),
    ],
  ])("%s", { timeout: 600_000 }, (_name, size, make) => {
    const [quarter, whole] = [make(size / 4), make(size)];
    expectLinear(
      cpuMs(() => check(quarter)),
      cpuMs(() => check(whole)),
    );
  });
});

describe("many of the same", () => {
  const HEAD = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec:\n";

  test.each<
    readonly [
      name: string,
      size: number,
      make: (size: number) => string,
      code: string,
      count: (size: number) => number,
    ]
  >([
    ["mistakes in the YAML are told up to a number", 20_000, (n) => "'a' ".repeat(n), "SL0005", () => 20],
    ["keys that are there twice, too", 20_000, (n) => "k: v\n".repeat(n), "SL0008", () => 20],
    ["unknown fields are all told", 20_000, (n) => HEAD + many(n, (i) => `  k${i}: v\n`), "SL0104", (n) => n],
    [
      "hosts that overlap",
      25_000,
      (n) => `${HEAD}  hosts: [${"a.example,".repeat(n)}]\n`,
      "SL0216",
      (n) => n - 1,
    ],
    ["aliases", 80_000, (n) => `a: &a [1]\nb: [${"*a,".repeat(n)}]\n`, "SL0007", () => 1],
    [
      "merges of a large mapping",
      10_000,
      (n) => `a: &a {${many(n, (i) => `k${i}: v,`)}}\nb:\n${"- <<: *a\n".repeat(n)}`,
      "SL0007",
      () => 1,
    ],
    [
      "comments that silence nothing",
      20_000,
      (n) => "# sluice: ignore SL0801 x\n".repeat(n),
      "SL0901",
      (n) => n,
    ],
  ])("%s", { timeout: 600_000 }, (_name, size, make, code, count) => {
    const work = (n: number) => {
      const text = make(n);
      return cpuMs(() => {
        expect(check(text).filter((diagnostic) => diagnostic.code === code)).toHaveLength(count(n));
      });
    };
    expectLinear(work(size / 4), work(size));
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
    const text = renderText(found, { colors: picocolors.createColors(false), columns: 80, verbose: false });
    expect(text.match(/error\[/g)).toHaveLength(10);
    expect(text.match(/warning\[/g)).toHaveLength(990);
    expect(text).toContain("2000 more are not shown");
  });
});

function many(count: number, make: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => make(i)).join("");
}
