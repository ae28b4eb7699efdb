/**
 * Reads the case files of this folder. Requests, names of destinations, expectations and shares are read as `sluice test`
 * reads them; what cases here say besides is a world of rules, bytes that are no request, and what an upstream does by
 * itself. A key that means nothing is an error: a case that is misspelt would check less than it says.
 */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import type { Shares } from "../../compiler/answers/cases/case.ts";
import { expectationByFullName, sharesByFullName } from "../../compiler/answers/cases/full-names.ts";
import { parseRequestLine } from "../../compiler/answers/request/asked.ts";
import type { ProxyOptions, Target } from "../../compiler/options.ts";
import type { Expectation } from "../harness/expect.ts";
import { withTokens } from "../harness/tokens.ts";

export interface Case {
  readonly name: string;
  readonly why?: string;
  /** Only where the targets are known to differ, with the reason in `why`. */
  readonly targets: readonly Target[];
  readonly proxy: Partial<ProxyOptions>;
  /** YAML documents, added to the world. */
  readonly rules: string;
  /** Codes of the warnings that the rules give, in any order; none unless said. */
  readonly warnings: readonly string[];
  readonly checks: readonly Check[];
}

export interface Check {
  /** `GET http://host/path`, or `undefined` when `raw` says what is sent. */
  readonly ask: { readonly method: string; readonly host: string; readonly path: string } | undefined;
  readonly raw: string | undefined;
  /** Listener. */
  readonly at: string;
  readonly http: "1.1" | "2";
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | undefined;
  /** The address of the client, before all proxies. */
  readonly from: string | undefined;
  readonly times: number;
  readonly together: boolean;
  readonly expect: Expectation;
  readonly shares: Shares | undefined;
}

const FOLDER = import.meta.dirname;
/** The services that every case may send requests to. */
export const WORLD = readFileSync(path.join(FOLDER, "world.yaml"), "utf8");

/** Services of the world are called by their short names. */
const NAMES = { proxyNamespace: "shop", domainSuffix: "cluster.local" };

const CASE_KEYS = ["name", "why", "targets", "proxy", "rules", "warnings", "checks"];
const CHECK_KEYS = [
  "ask",
  "raw",
  "at",
  "http",
  "headers",
  "body",
  "from",
  "times",
  "together",
  "expect",
  "shares",
];
const EXPECT_KEYS = [
  "status",
  "cluster",
  "path",
  "host",
  "method",
  "headers",
  "responseHeaders",
  "body",
  "elapsedMs",
  "attempts",
  "copies",
];

/** The cases of each file, by the file's name without `.yaml`. */
export function readCases(): Map<string, readonly Case[]> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml") && name !== "world.yaml");
  return new Map(files.sort().map((name) => [name.replace(/\.yaml$/, ""), readFile(name)]));
}

function readFile(name: string): Case[] {
  return parseAllDocuments(readFileSync(path.join(FOLDER, name), "utf8")).map((document, i) => {
    const where = `${name}, case ${i + 1}`;
    if (document.errors.length > 0) {
      throw new Error(`${where}: ${document.errors[0]!.message}`);
    }
    return readCase(document.toJS(), where);
  });
}

// biome-ignore lint/suspicious/noExplicitAny: what stands in a file may be anything
type Fields = Record<string, any>;

function readCase(fields: Fields, where: string): Case {
  onlyKeys(fields, CASE_KEYS, where);
  const {
    name,
    why,
    targets = ["wasm", "native"],
    proxy = {},
    rules = "",
    warnings = [],
    checks = [],
  } = fields;
  return {
    name,
    ...(why !== undefined && { why }),
    targets,
    proxy,
    rules: withTokens(rules),
    warnings,
    checks: (checks as Fields[]).map((check, i) => readCheck(check, `${where} (${name}), check ${i + 1}`)),
  };
}

function readCheck(fields: Fields, where: string): Check {
  onlyKeys(fields, CHECK_KEYS, where);
  onlyKeys(fields.expect ?? {}, EXPECT_KEYS, `${where}, expect`);
  const shares = fields.shares as Shares | undefined;
  return {
    ask: fields.ask === undefined ? undefined : readAsk(withTokens(fields.ask), where),
    raw: fields.raw,
    at: fields.at ?? "mesh",
    http: fields.http ?? "1.1",
    headers: mapLines(fields.headers ?? {}, withTokens),
    body: fields.body,
    from: fields.from,
    times: fields.times ?? 1,
    together: fields.together ?? false,
    expect: expectationByFullName<Expectation>(fields.expect ?? {}, NAMES),
    shares: shares && sharesByFullName(shares, NAMES),
  };
}

function mapLines(headers: Check["headers"], change: (line: string) => string): Check["headers"] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, lines]) => [
      name,
      typeof lines === "string" ? change(lines) : lines.map(change),
    ]),
  );
}

function readAsk(text: string, where: string): Check["ask"] {
  try {
    const { method, authority, path } = parseRequestLine(text);
    return { method, host: authority, path };
  } catch (error) {
    throw new Error(`${where}: ask: ${(error as Error).message}`);
  }
}

function onlyKeys(fields: object, known: readonly string[], where: string): void {
  for (const key of Object.keys(fields)) {
    if (!known.includes(key)) {
      throw new Error(`${where}: unknown key "${key}"; expected ${known.join(", ")}`);
    }
  }
}
