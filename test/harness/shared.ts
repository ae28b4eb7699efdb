/** The folder of recorded cases, which stands beside the project where it is developed, and nowhere else. */

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { ProxyOptions, Target } from "../../compiler/options.ts";
import type { Applied } from "./mesh.ts";

const FOLDER = path.resolve(import.meta.dirname, "../../../shared/cases");

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
  if (!existsSync(path.join(FOLDER, file))) {
    test(`recorded cases of ${file}`, () => {
      console.log(`not run: the folder of recorded cases is not here (${path.join(FOLDER, file)})`);
    });
    return;
  }
  const read = (name: string) => readFileSync(path.join(FOLDER, name), "utf8");
  body(parse(read(file)), read("base.yaml"));
}

/** What was refused because it is not supported yet, by the field, so that none is passed over in silence. */
export class Refusals {
  readonly #cases = new Map<string, string[]>();

  /** True when the rules had errors; each of them must then name a field that is not supported yet. */
  note(id: string, { compilation, diagnostics }: Applied): boolean {
    if (compilation !== undefined) {
      return false;
    }
    const errors = diagnostics.filter(({ level }) => level === "error");
    const others = errors.filter(({ code }) => !code.startsWith("SL03"));
    const lines = others.map(({ code, message }) => `${code} ${message}`);
    expect(lines.length, lines.join("\n")).toBe(0);
    expect(errors.length).toBeGreaterThan(0);
    for (const field of new Set(errors.map(({ message }) => message.replaceAll(/\[\d+\]/g, "[]")))) {
      this.#cases.set(field, [...(this.#cases.get(field) ?? []), id]);
    }
    return true;
  }

  get count(): number {
    return new Set([...this.#cases.values()].flat()).size;
  }

  toString(): string {
    return [...this.#cases].map(([field, ids]) => `  ${field}: ${ids.join(", ")}`).join("\n");
  }
}
