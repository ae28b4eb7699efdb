/** The folder of recorded cases, which stands beside the project where it is developed, and nowhere else. */

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "vitest";
import { parse } from "yaml";
import type { ProxyOptions, Target } from "../../compiler/options.ts";

export const SHARED_FOLDER = path.resolve(import.meta.dirname, "../../../shared/cases");

export const TARGETS: readonly Target[] = ["wasm", "native"];

/** Where the recorded proxy stood. */
export const PROXIES: Record<"sidecar" | "gateway", Partial<ProxyOptions>> = {
  sidecar: { proxyLabels: { app: "a" }, proxyNamespace: "echo", meshListeners: true },
  gateway: { proxyLabels: { istio: "ingressgateway" }, proxyNamespace: "istio-system" },
};

/** The cases of a file and the services they ask, handed to `body`; where they are missing, a test says so. */
export function withSharedCases<Case>(
  file: string,
  body: (cases: readonly Case[], base: string) => void,
): void {
  if (!existsSync(path.join(SHARED_FOLDER, file))) {
    test(`recorded cases of ${file}`, () => {
      console.log(`not run: the folder of recorded cases is not here (${path.join(SHARED_FOLDER, file)})`);
    });
    return;
  }
  const read = (name: string) => readFileSync(path.join(SHARED_FOLDER, name), "utf8");
  body(parse(read(file)), read("base.yaml"));
}
