/**
 * The recorded cases (`test/recorded/README.md`). The project has a slice of them. Where the whole folder is at hand, all
 * of it is asked; where it is not, a skipped test for each file says that there would have been more.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { test } from "vitest";
import { parse } from "yaml";
import type { ProxyOptions } from "../../compiler/options.ts";

const SLICE = path.resolve(import.meta.dirname, "../recorded/cases");
const NAMED = process.env.SLUICE_RECORDED_CASES;
const WHOLE = NAMED ?? path.resolve(import.meta.dirname, "../../../shared/cases");
/** A folder that is named but missing is a mistake, which the first file that is read tells. */
export const HAS_WHOLE = NAMED !== undefined || existsSync(WHOLE);

/** Where the recorded proxy stood. */
export const PROXIES: Record<"sidecar" | "gateway", Partial<ProxyOptions>> = {
  sidecar: { proxyLabels: { app: "a" }, proxyNamespace: "echo", meshListeners: true },
  gateway: { proxyLabels: { istio: "ingressgateway" }, proxyNamespace: "istio-system" },
};

/** The cases of a file and the services that they ask, handed to `body`. */
export function withRecordedCases<Case>(
  file: string,
  body: (cases: readonly Case[], base: string) => void,
): void {
  const folder = HAS_WHOLE ? WHOLE : SLICE;
  body(casesOf(folder, file), readFileSync(path.join(folder, "base.yaml"), "utf8"));
  if (!HAS_WHOLE) {
    test.skip(`the rest of ${file}, which is not here`, () => {});
  }
}

/** Files of rules from Istio's samples, tests and documentation. They are not ours, so the project has no slice of them. */
export function withRecordedCorpus(
  name: string,
  body: (files: readonly (readonly [name: string, text: string])[], folder: string) => void,
): void {
  if (!HAS_WHOLE) {
    test.skip(`${name}, which is not here`, () => {});
    return;
  }
  const folder = path.join(WHOLE, "corpus");
  const files = readdirSync(folder).map(
    (file) => [file, readFileSync(path.join(folder, file), "utf8")] as const,
  );
  body(files, folder);
}

/** All cases of a file, for who asks them with the corpus. */
export function wholeOf<Case>(file: string): readonly Case[] {
  return casesOf(WHOLE, file);
}

/** Cases of the slice that the whole does not have, or has otherwise. */
export function astray(file: string): readonly unknown[] {
  const whole = wholeOf<Readonly<Record<string, unknown>>>(file);
  const isAmong = (one: object) =>
    whole.some((other) => Object.entries(one).every(([key, value]) => isDeepStrictEqual(other[key], value)));
  return casesOf<object>(SLICE, file).filter((one) => !isAmong(one));
}

function casesOf<Case>(folder: string, file: string): readonly Case[] {
  return parse(readFileSync(path.join(folder, file), "utf8"));
}
