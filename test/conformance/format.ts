/**
 * Reads the case files of this folder. A key that means nothing is an error: a case that is misspelt would check
 * less than it says.
 */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import type { ProxyOptions, Target } from "../../compiler/options.ts";
import type { Expectation, Shares } from "../harness/expect.ts";

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
  readonly times: number;
  readonly together: boolean;
  readonly expect: Expectation;
  readonly shares: Shares | undefined;
}

const FOLDER = import.meta.dirname;
/** The services that every case may send requests to. */
export const WORLD = readFileSync(path.join(FOLDER, "world.yaml"), "utf8");

const CASE_KEYS = ["name", "why", "targets", "proxy", "rules", "warnings", "checks"];
const CHECK_KEYS = ["ask", "raw", "at", "http", "headers", "body", "times", "together", "expect", "shares"];
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
    rules,
    warnings,
    checks: (checks as Fields[]).map((check, i) => readCheck(check, `${where} (${name}), check ${i + 1}`)),
  };
}

function readCheck(fields: Fields, where: string): Check {
  onlyKeys(fields, CHECK_KEYS, where);
  onlyKeys(fields.expect ?? {}, EXPECT_KEYS, `${where}, expect`);
  const expect = { ...((fields.expect ?? {}) as Expectation) };
  const shares = fields.shares as Shares | undefined;
  const cluster = expect.cluster === undefined ? undefined : clusterName(expect.cluster);
  return {
    ask: fields.ask === undefined ? undefined : readAsk(fields.ask, where),
    raw: fields.raw,
    at: fields.at ?? "mesh",
    http: fields.http ?? "1.1",
    headers: fields.headers ?? {},
    body: fields.body,
    times: fields.times ?? 1,
    together: fields.together ?? false,
    expect: {
      ...expect,
      ...(cluster !== undefined && { cluster }),
      ...(expect.copies && {
        copies: expect.copies.map((copy) => ({ ...copy, cluster: clusterName(copy.cluster) })),
      }),
      // A request that a cluster answered was fine unless the case says otherwise.
      ...(expect.status === undefined && cluster !== undefined && cluster !== "none" && { status: 200 }),
    },
    shares: shares && {
      ...shares,
      ...(shares.clusters && { clusters: byClusterName(shares.clusters) }),
      ...(shares.copies && { copies: byClusterName(shares.copies) }),
    },
  };
}

function readAsk(text: string, where: string): Check["ask"] {
  const match = /^([A-Za-z]+) http:\/\/([^/?]*)(.*)$/s.exec(text);
  if (match === null) {
    throw new Error(`${where}: ask: expected "METHOD http://host/path", got ${JSON.stringify(text)}`);
  }
  return { method: match[1]!, host: match[2]!, path: match[3]! };
}

/** `reviews`, `reviews/v1`, `reviews:8080/v1`, for services of the world; `none` and full names as they are. */
function clusterName(text: string): string {
  if (text === "none" || text.includes("|")) {
    return text;
  }
  const match = /^([^:/]+)(?::(\d+))?(?:\/(.+))?$/.exec(text);
  if (match === null) {
    throw new Error(`cluster: expected a name like "reviews:80/v1", got ${JSON.stringify(text)}`);
  }
  const [, service, port = "80", subset = ""] = match;
  const host = service!.includes(".") ? service : `${service}.shop.svc.cluster.local`;
  return `outbound|${port}|${subset}|${host}`;
}

function byClusterName(shares: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(shares).map(([name, share]) => [clusterName(name), share]));
}

function onlyKeys(fields: object, known: readonly string[], where: string): void {
  for (const key of Object.keys(fields)) {
    if (!known.includes(key)) {
      throw new Error(`${where}: unknown key "${key}"; expected ${known.join(", ")}`);
    }
  }
}
