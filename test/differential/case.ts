/** A finding as a conformance case: what the native target answers is what is expected. */

import { stringify } from "yaml";
import type { Court, Finding } from "./court.ts";
import type { Outcome } from "./outcome.ts";
import type { PlacedScenario } from "./rules.ts";
import { documentsOf, GATEWAY, serviceOf } from "./scenario.ts";

export function conformanceCase(court: Court, { at, scenario }: PlacedScenario, finding: Finding): string {
  const { suit, request, native, wasm } = finding;
  const { method, host, path, headers, body, http } = request;
  const rules = documentsOf(scenario, suit);
  const documents = [
    ...(rules.includes("edge") ? [GATEWAY] : []),
    ...(`${rules}${host}`.toLowerCase().includes(`svc${suit}`) ? [serviceOf(suit)] : []),
    rules,
  ];
  const check = {
    ...(at !== "mesh" && { at }),
    ask: `${method} http://${host}${path}`,
    ...(http === "2" && { http }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(body !== undefined && { body }),
    expect: expectation(court, native, wasm),
  };
  return stringify(
    { name: "…", rules: documents.join("---\n"), checks: [check] },
    { lineWidth: 0, blockQuote: "literal" },
  );
}

function expectation(court: Court, native: Outcome, wasm: Outcome): object {
  const { status, upstream, body } = native;
  return {
    status,
    cluster: court.clusterOf(native),
    ...(upstream && { path: upstream.path, host: upstream.host }),
    ...different(
      "headers",
      native.upstream?.headers ?? {},
      upstream ? (wasm.upstream?.headers ?? {}) : undefined,
    ),
    ...different("responseHeaders", native.headers, wasm.headers),
    ...(body !== wasm.body && { body }),
  };
}

/** Only the headers that the targets do not agree on. */
function different(
  key: string,
  native: Readonly<Record<string, unknown>>,
  wasm: Readonly<Record<string, unknown>> | undefined,
): object {
  if (wasm === undefined) {
    return {};
  }
  const names = [...new Set([...Object.keys(native), ...Object.keys(wasm)])].sort();
  const entries = names
    .filter((name) => JSON.stringify(native[name]) !== JSON.stringify(wasm[name]))
    .map((name) => [name, native[name] ?? null]);
  return entries.length === 0 ? {} : { [key]: Object.fromEntries(entries) };
}
