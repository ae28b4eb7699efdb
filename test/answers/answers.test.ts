/** `sluice explain`, `sluice test` and `sluice schema` as users call them. */

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Ajv } from "ajv";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sluiceHere } from "../harness/sluice-here.ts";

const HERE = import.meta.dirname;
const RULES = path.join(HERE, "rules.yaml");
const RIGHT = path.join(HERE, "right.yaml");
const WRONG = path.join(HERE, "wrong.yaml");

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-answers-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const explain = (...args: string[]) => sluiceHere(["explain", RULES, ...args], folder);
/** Where a line is folded depends on the length of the path in it. */
const unfolded = (text: string) => text.replace(/\s+/g, " ");
const lineOf = async (file: string, text: string) =>
  (await readFile(file, "utf8")).split("\n").findIndex((line) => line.includes(text)) + 1;

describe("explain", () => {
  test("says which rules were tried, what they wanted and got, and which one took it", async () => {
    const { code, out, err } = await explain(
      "--request",
      "GET http://shop.example/old/x?y",
      "-H",
      "x-user: bob",
    );
    expect({ code, errors: err.includes("error") }).toEqual({ code: 0, errors: false });
    expect(out).toContain('needs headers.x-user regex "[a-c]+", got "bob"');
    expect(out).toContain('needs queryParams.user exact "a", it is absent');
    const place = `rules\\.yaml:${await lineOf(RULES, "prefix: /old/")}:\\d+`;
    expect(out).toMatch(new RegExp(`\\d matches .*\\s+.*${place}`));
    for (const part of [
      "timeout after 3000 ms",
      "192.0.2.1:80",
      "/new/x?y",
      "x-envoy-original-path: /old/x?y",
    ]) {
      expect(out).toContain(part);
    }
  });

  test.each([
    "GET http://shop.example/old/x?y",
    "GET http://shop.example/",
    "GET http://shop.example/slow",
    "GET http://shop.example/broken",
    "GET http://shop.example/moved",
    "PUT http://shop.example/teapot",
    "GET http://shop.example/mirrored",
    "GET http://shop.example/nowhere",
    "GET http://nobody.example/",
    "GET http://shop.example/%00",
  ])("has the same content as text and as JSON: %s", async (request) => {
    const args = ["--request", request, "-H", "x-user: <&\u00e9>"];
    const text = unfolded((await explain(...args)).out);
    const { explanation } = JSON.parse((await explain(...args, "--format", "json")).out);
    expect(explanation.disagreements).toEqual([]);
    const missing = [...stringsOf(explanation)].filter((value) => !text.includes(unfolded(value)));
    expect(missing).toEqual([]);
  });

  test("takes a curl command line", async () => {
    const curl = `curl -sX PUT 'http://10.1.2.3/teapot' -H 'Host: shop.example' --data-raw '{"a":1}'`;
    for (const flags of [
      ["--curl", curl],
      ["--request", curl],
    ]) {
      const { out } = await explain(...flags, "--format", "json");
      const { explanation } = JSON.parse(out);
      expect(explanation.rule.name).toBe("teapot");
      expect(explanation.decision).toMatchObject({
        by: "directResponse",
        status: 418,
        body: "short and stout",
      });
      expect(explanation.decision.headers).toContainEqual({ name: "x-method", value: "PUT" });
    }
  });

  test("names the rules that no request meets at the listener", async () => {
    const { out } = await explain("--request", "GET http://shop.example/edge", "--format", "json");
    const { explanation } = JSON.parse(out);
    const line = await lineOf(RULES, "gateways: [edge], port: 81");
    expect(explanation.notHere).toMatchObject([
      { name: "elsewhere", match: 1, line, why: expect.stringContaining("gateways edge and port 81") },
      { name: "elsewhere", match: 2, line },
    ]);
    expect(explanation.rule.name).toBe("split");
  });

  test("suggests a host that is known", async () => {
    const { out } = await explain("--request", "GET http://shp.example/");
    expect(out).toContain("did you mean shop.example?");
  });

  test("asks the listener that is named", async () => {
    const { out } = await explain(
      "--request",
      "GET http://shop.example/",
      "--at",
      "gateway_80",
      "--format",
      "json",
    );
    const { explanation } = JSON.parse(out);
    expect(explanation.listener).toMatchObject({ name: "gateway_80", others: ["mesh"] });
    expect(explanation.seen.headers.map(({ name }: { name: string }) => name)).toContain("x-forwarded-for");
  });

  test.each<[string, string[], string]>([
    ["no request", [], "--request"],
    ["two requests", ["--request", "GET http://a/", "--curl", "curl http://a"], "--curl"],
    ["a request that is none", ["--request", "GET"], "http://host/path"],
    ["a header that is none", ["--request", "GET http://a/", "-H", "x"], "name: value"],
    ["a header in a header", ["--request", "GET http://a/", "-H", "x: 1\r\ny: 2"], "control character"],
    ["an unknown listener", ["--request", "GET http://a/", "--at", "mash"], "mesh"],
    ["a curl that reads a file", ["--curl", "curl -d @x http://a"], "file"],
    ["the target without a filter", ["--request", "GET http://a/", "--target", "native"], "native"],
  ])("refuses %s", async (_name, args, said) => {
    const { code, out, err } = await explain(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
    expect(err).not.toMatch(/\n\s+at .*\(/);
  });

  test("does not explain rules that are wrong", async () => {
    await writeFile(
      path.join(folder, "bad.yaml"),
      (await readFile(RULES, "utf8")).replace("weight: 75", "weight: -1"),
    );
    const { code, out, err } = await sluiceHere(
      ["explain", "bad.yaml", "--request", "GET http://a/"],
      folder,
    );
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("bad.yaml:");
    const missing = await sluiceHere(["explain", "missing.yaml", "--request", "GET http://a/"], folder);
    expect(missing.code).toBe(1);
    expect(missing.err).toContain("missing.yaml");
  });
});

/** Every text that is not just the name of a kind, and every number that a person would look for. */
function* stringsOf(value: unknown, key = ""): Generator<string> {
  if (typeof value === "string") {
    // The id is the resource and the rule once more, and the reason the kind of the words beside it.
    if (!["kind", "by", "outcome", "file", "body", "matchedDomain", "id", "reason"].includes(key)) {
      yield value;
    }
  } else if (Array.isArray(value)) {
    for (const item of value) {
      yield* stringsOf(item, key);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      yield* stringsOf(item, name);
    }
  } else if (typeof value === "number" && ["line", "status", "weight", "count", "port"].includes(key)) {
    yield String(value);
  }
}

interface JsonCheck {
  readonly ask: string;
  readonly ok: boolean;
  readonly differences: readonly { readonly what: string }[];
  readonly errors: readonly string[];
  readonly rule?: { readonly name: string; readonly line: number };
}

const run = (cases: string, ...args: string[]) =>
  sluiceHere(["test", RULES, "--cases", cases, ...args], folder);

async function checksOf(cases: string, ...args: string[]) {
  const { code, out } = await run(cases, "--format", "json", ...args);
  const { checks } = JSON.parse(out) as { checks: JsonCheck[] };
  return {
    code,
    checks: checks.map(({ ask, ok, differences, errors, rule }) => ({
      ask,
      ok,
      differences: differences.map(({ what }) => what),
      errors,
      rule,
    })),
  };
}

describe("test", () => {
  test.each([
    [RIGHT, 0],
    [WRONG, 1],
  ])(
    "%s has the same result offline, in Envoy by the filter and in Envoy by its own routes",
    async (cases, code) => {
      const offline = await checksOf(cases);
      expect(offline.checks.flatMap(({ errors }) => errors)).toEqual([]);
      expect(offline.checks.map(({ ok, ask }) => (ok === (code === 0) ? "as it should" : ask))).toEqual(
        offline.checks.map(() => "as it should"),
      );
      expect(offline.code).toBe(code);
      expect(await checksOf(cases, "--envoy")).toEqual(offline);
      expect(await checksOf(cases, "--envoy", "--target", "native")).toEqual(offline);
    },
  );

  test("shows what differs, and the rule that took the request with its place", async () => {
    const { code, out } = await run(WRONG);
    expect(code).toBe(1);
    const line = await lineOf(RULES, "prefix: /old/");
    expect(out).toMatch(
      /cluster\n\s+- expected "outbound\|80\|v2\|shop.example"\n\s+\+ actual {3}"outbound\|80\|v1\|shop/,
    );
    expect(out).toMatch(new RegExp(`matched by \\S*rules\\.yaml:${line}:\\d+`));
    expect(out).toContain("6 failed, 0 passed");
  });

  test("writes JUnit XML", async () => {
    const { code, out } = await run(WRONG, "--format", "junit");
    expect(code).toBe(1);
    expect(out).toMatch(/^<\?xml version="1.0"/);
    expect(out.match(/<testcase /g)).toHaveLength(6);
    expect(out.match(/<failure message="/g)).toHaveLength(6);
  });

  test("prints what no case reached, and fails below a threshold", async () => {
    const whole = await run(RIGHT, "--coverage", "--coverage-threshold", "100");
    expect({ code: whole.code, out: whole.out.includes("missed") }).toEqual({ code: 0, out: false });
    await writeFile(
      path.join(folder, "few.yaml"),
      `name: x\nchecks: [{ ask: "GET http://shop.example/slow", expect: { status: 200 } }]\n`,
    );
    const few = await run("few.yaml", "--coverage");
    expect(few.code).toBe(0);
    expect(few.out).toMatch(
      new RegExp(`missed match \\S*rules\\.yaml:${await lineOf(RULES, "prefix: /old/")}:`),
    );
    const threshold = await run("few.yaml", "--coverage-threshold", "50");
    expect(threshold.code).toBe(1);
    expect(threshold.err).toContain("below the threshold of 50 %");
  });

  test.each<[string, string[], string]>([
    ["no cases", [RULES], "--cases"],
    [
      "a threshold that is none",
      [RULES, "--cases", RIGHT, "--coverage-threshold", "101"],
      "--coverage-threshold",
    ],
    ["the native target offline", [RULES, "--cases", RIGHT, "--target", "native"], "--envoy"],
    ["standard input twice", ["-", "--cases", "-"], "standard input"],
  ])("refuses %s", async (_name, args, said) => {
    const { code, out, err } = await sluiceHere(["test", ...args], folder);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });

  const nested = "[".repeat(5000);
  const bomb = `a: &a [${"x,".repeat(9)}x]\n${["b", "c", "d", "e", "f", "g", "h"]
    .map((name, i) => `${name}: &${name} [${`*${"abcdefg"[i]},`.repeat(9)}*${"abcdefg"[i]}]\n`)
    .join("")}`;
  test.each<[string, string | Buffer]>([
    ["deep nesting", `name: ${nested}`],
    ["an alias bomb", bomb],
    ["70 MB in one line", Buffer.alloc(70_000_000, "x")],
    ["bytes", Buffer.from(Array.from({ length: 4096 }, (_, i) => i & 0xff))],
    ["no UTF-8", Buffer.from("name: \xff\xfe\nchecks: []\n", "latin1")],
    ["tabs", "name: x\nchecks:\n\t- ask: x\n"],
    ["a list", "- a\n- b\n"],
    ["an alias to itself", "name: &a [*a]\nchecks: []\n"],
    ["a key twice", "name: a\nname: b\nchecks: []\n"],
    ["a prototype", "__proto__: { a: 1 }\nname: a\nchecks: []\n"],
  ])("a case file that is %s is an error with its place", async (_name, text) => {
    await writeFile(path.join(folder, "cases.yaml"), text);
    const { code, out, err } = await run("cases.yaml");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/error.*\[SL\d{4}\]/);
    expect(err).not.toMatch(/\n\s+at .*\(/);
  });

  test.each<[string, string]>([
    ["a byte order mark", "\ufeff"],
    ["lines that end as in Windows", ""],
  ])("a case file with %s is read", async (_name, start) => {
    const text = `name: x\nchecks:\n- { ask: "GET http://shop.example/old/", expect: { route: rewrite } }\n`;
    await writeFile(
      path.join(folder, "cases.yaml"),
      start + (start === "" ? text.replaceAll("\n", "\r\n") : text),
    );
    expect((await run("cases.yaml")).code).toBe(0);
  });

  test("a file that is missing, or has no case", async () => {
    const missing = await run("missing.yaml");
    expect(missing.code).toBe(1);
    expect(missing.err).toContain("missing.yaml");
    await writeFile(path.join(folder, "empty.yaml"), "# nothing\n");
    expect((await run("empty.yaml")).code).toBe(2);
  });
});

describe("schema", () => {
  test.each(["config", "cases"])("%s is a JSON schema", async (name) => {
    const { code, out } = await sluiceHere(["schema", name], folder);
    expect(code).toBe(0);
    const schema = JSON.parse(out);
    expect(schema.$schema).toContain("json-schema.org");
    expect(new Ajv({ strict: true, allowUnionTypes: true, strictTypes: false }).compile(schema)(7)).toBe(
      false,
    );
  });

  test("all of them go into a folder", async () => {
    expect((await sluiceHere(["schema", "--out", "schemas"], folder)).code).toBe(0);
    expect((await readdir(path.join(folder, "schemas"))).sort()).toEqual([
      "cases.schema.json",
      "config.schema.json",
    ]);
  });

  test.each([[["schema"]], [["schema", "rules"]], [["schema", "cases", "--out", "x"]]])(
    "%j is refused",
    async (args) => {
      const { code, out } = await sluiceHere(args, folder);
      expect({ code, out }).toEqual({ code: 2, out: "" });
    },
  );
});
