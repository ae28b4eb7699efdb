/** Rules and cases in memory, for tests of what is made of them. */

import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { lowerToIr } from "../../front/istio/lower.ts";
import { loadResources } from "../../front/resources/model.ts";
import type { Config } from "../../ir/ir.ts";
import { assertValid } from "../../ir/validate.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { filterModulePath } from "../../platform/package-root.ts";
import { FILES_ON_DISK } from "../../source/files-on-disk.ts";
import { Evaluators } from "../evaluate/evaluator.ts";
import { loadFilter } from "../wasm-host/filter-vm.ts";
import { readCases } from "./read.ts";
import { standInHeaders } from "./stand-in.ts";

export const SERVICES = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: a }
spec:
  hosts: [a.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints:
  - { address: 192.0.2.1, labels: { version: v1 } }
  - { address: 192.0.2.2, labels: { version: v2 } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a }
spec:
  host: a.example
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
---
`;

export function configOf(rules: string): Config {
  const found: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => void found.push(diagnostic) };
  const resources = loadResources([{ path: "rules.yaml", text: SERVICES + rules }], sink);
  const { config } = lowerToIr(
    resources,
    { ...DEFAULT_PROXY_OPTIONS, outboundPolicy: "REGISTRY_ONLY" },
    sink,
    { files: FILES_ON_DISK, now: new Date() },
  );
  if (found.some(({ level }) => level === "error")) {
    throw new Error(found.map(({ message }) => message).join("\n"));
  }
  assertValid(config);
  return config;
}

export function evaluatorsOf(config: Config): Evaluators {
  return new Evaluators(loadFilter(filterModulePath()), config, standInHeaders);
}

export function casesOf(text: string, evaluators: Evaluators) {
  const diagnostics: Diagnostic[] = [];
  const cases = readCases(
    { path: "cases.yaml", text },
    {
      listeners: evaluators.config.listeners,
      listenerFor: (asked) => evaluators.listenerFor(asked)?.name,
      proxy: DEFAULT_PROXY_OPTIONS,
    },
    { report: (diagnostic) => void diagnostics.push(diagnostic) },
  );
  return { cases, diagnostics };
}
