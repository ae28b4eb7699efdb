/** Real rules to start from: those of this project, and of a folder that the call names. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import { understand } from "../../compiler/compile.ts";
import { DEFAULT_PROXY_OPTIONS, packageRoot } from "../../compiler/index.ts";
import { parseDocuments } from "../../compiler/source/parse.ts";
import { BAD, GOOD } from "../cli/bad-rules.ts";
import { SEED_RULES } from "./seed-rules.ts";

export interface Corpus {
  /** Resources as plain data. */
  readonly resources: readonly object[];
  /** Files as they stand, with comments and in all of YAML's styles. */
  readonly texts: readonly string[];
  /** Of their VirtualServices: rules that are right by themselves and can be put together anew. */
  readonly httpRules: readonly object[];
  /** Case files for `sluice test`. */
  readonly cases: readonly string[];
}

/** Longer ones would only be slow. */
const LONGEST = 20_000;

export function readCorpus(folder?: string): Corpus {
  const root = packageRoot().directory;
  const held = ["test/conformance", "test/recorded/pages"]
    .flatMap((where) => yamlFiles(path.join(root, where)))
    .flatMap((text) => parseAllDocuments(text).flatMap((document) => document.toJS() as { rules?: string }));
  const texts = [
    ...yamlFiles(path.join(root, "envoy", "bookinfo", "rules")),
    ...held.flatMap(({ rules }) => (typeof rules === "string" ? [rules] : [])),
    GOOD,
    ...BAD.flatMap(({ text }) => (typeof text === "string" ? [text] : [])),
    ...(folder === undefined ? [] : yamlFiles(folder)),
  ].filter(({ length }) => length < LONGEST);
  const resources = texts.flatMap((text) =>
    parseDocuments({ path: "corpus.yaml", text }, { report() {} }).flatMap(({ value }) =>
      isObject(value) ? [value] : [],
    ),
  );
  const cases = yamlFiles(path.join(root, "envoy", "bookinfo", "tests"));
  const httpRules = resources.flatMap((resource) => {
    const { kind, spec } = resource as { kind?: unknown; spec?: { http?: unknown } | null };
    return kind === "VirtualService" && Array.isArray(spec?.http)
      ? spec.http.filter(isObject).filter(isRight)
      : [];
  });
  return { resources: [...SEED_RULES, ...resources], texts, httpRules, cases };
}

function isRight(rule: object): boolean {
  const text = JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "rule" },
    spec: { hosts: ["a.example"], http: [rule] },
  });
  let right = true;
  understand([{ path: "rule.yaml", text }], DEFAULT_PROXY_OPTIONS, "run", {
    report({ level }) {
      if (level === "error") {
        right = false;
      }
    },
  });
  return right;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function yamlFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "utf8"));
}
