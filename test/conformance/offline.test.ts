/**
 * The same cases without an Envoy: what `sluice explain` and `sluice test` say offline is what a real Envoy did. Left
 * out are checks about what only an upstream or a connection can show: its own errors and delays, broken bytes.
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Check as AskedCheck } from "../../compiler/answers/cases/case.ts";
import { judge } from "../../compiler/answers/cases/judge.ts";
import { askOffline } from "../../compiler/answers/cases/offline.ts";
import { Evaluators } from "../../compiler/answers/evaluate/evaluator.ts";
import { checkHeader, makeRequest } from "../../compiler/answers/request/asked.ts";
import type { HeaderLine } from "../../compiler/answers/request/wire.ts";
import { loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { SharedData } from "../../compiler/answers/wasm-host/shared-data.ts";
import { compile, files } from "../../compiler/index.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../compiler/options.ts";
import { filterModulePath } from "../../compiler/platform/package-root.ts";
import { type Case, type Check, readCases, WORLD } from "./format.ts";

/** What the stub upstream of these cases answers. */
const stub = (cluster: string): HeaderLine[] => [
  ["x-from-backend", "b1"],
  ["x-backend", cluster],
  ["content-type", "application/json"],
];

/** An endpoint that refuses connections, names that nobody has. */
const UPSTREAM_FAILS = new Set([
  "http://reviews/refused",
  "http://nobody.invalid/",
  "http://reviews.shop.svc.cluster.local:81/",
]);

const FILTER = loadFilter(filterModulePath());
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-offline-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

for (const [file, all] of readCases()) {
  const cases = all.filter(
    (one) => one.targets.includes("wasm") && one.checks.some(isOffline) && !asksForAddress(one),
  );
  if (cases.length === 0) {
    continue;
  }
  describe(file, () => {
    for (const one of cases) {
      test(one.name, () => runCase(one));
    }
  });
}

/** Offline a client is where it is told to be, whatever it says of those before it. */
function asksForAddress({ rules, checks }: Case): boolean {
  return rules.includes("by client-address") && checks.some(({ headers }) => "x-forwarded-for" in headers);
}

function isOffline({ ask, headers, expect, shares }: Check): boolean {
  if (ask === undefined || UPSTREAM_FAILS.has(`http://${ask.host}${ask.path}`)) {
    return false;
  }
  const steersUpstream = Object.keys(headers).some((name) => name.toLowerCase().startsWith("x-echo-"));
  return !steersUpstream && (shares !== undefined || Object.keys(expect).length > 0);
}

async function runCase({ rules, proxy, checks }: Case): Promise<void> {
  const paths = await Promise.all(
    [WORLD, rules].map(async (text, i) => {
      const name = path.join(folder, `${i}.yaml`);
      await writeFile(name, withPort(text));
      return name;
    }),
  );
  const options = {
    ...DEFAULT_PROXY_OPTIONS,
    proxyNamespace: "shop",
    ...proxy,
    target: "wasm" as const,
  };
  const { compilation } = await compile({ source: files(paths), proxy: options });
  expect(compilation).toBeDefined();
  const evaluators = new Evaluators(FILTER, compilation!.config, stub, new SharedData());
  const lines: string[] = [];
  for (const [i, check] of checks.entries()) {
    if (!isOffline(check)) {
      continue;
    }
    const evaluator = evaluators.get(check.at)!;
    const asked = askedCheck(check);
    const { least = 0, most = Number.POSITIVE_INFINITY } = check.expect.elapsedMs ?? {};
    const { observed, disagreements } = askOffline(evaluator, asked, ({ delayMs }) => {
      if (delayMs < least || delayMs > most) {
        lines.push(`${i + 1}: ${delayMs} ms`);
      }
    });
    const differences = judge(asked, observed);
    lines.push(...disagreements);
    lines.push(
      ...differences.map(
        ({ what, expected, actual }) =>
          `check ${i + 1} (${asked.ask}): ${what}: expected ${expected}, got ${actual}`,
      ),
    );
  }
  expect(lines.length, lines.join("\n")).toBe(0);
}

/** Nobody answers there. */
function withPort(text: string): string {
  return text.replaceAll("$FREE_PORT", "1");
}

function askedCheck({ ask, at, http, headers, body, from, times, expect, shares }: Check): AskedCheck {
  const { method, host, path: target } = ask!;
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((line) => checkHeader(name, line as string)),
  );
  const { elapsedMs: _elapsed, attempts: _attempts, ...expected } = expect;
  return {
    asked: makeRequest({ method, authority: withPort(host), path: target }, lines, {
      protocol: http === "2" ? "HTTP/2" : "HTTP/1.1",
      ...(body !== undefined && { body }),
      ...(from !== undefined && { from }),
    }),
    ask: `${method} http://${withPort(host)}${target}`,
    at,
    times,
    expect: expected,
    ...(shares && { shares }),
    span: { file: { path: "", text: "" }, start: 0, end: 0 },
  };
}
