/** A sample as Envoy sends it → the request as its client sent it, and what became of it. */

import type { HeaderLine } from "../../answers/request/wire.ts";
import { ABSENT, HEADER_ATTRIBUTE, type TapAttribute } from "../../back/xds/tap-log.ts";
import type { TappedRequest } from "../tapped-request.ts";
import type { LogRecord } from "./logs-service.ts";
import { masked } from "./masked-headers.ts";
import type { RuleNames } from "./rule-names.ts";

/** One request that was sampled. */
export interface SampledRequest {
  readonly tapped: TappedRequest;
  /** The headers that rules read with their values, credentials too: for who decides the request again, and never for who looks. */
  readonly headers: readonly HeaderLine[];
  /** What logs call its rule, and where that is written. */
  readonly label?: string;
  readonly place?: string;
}

const FAULTS: ReadonlySet<string | undefined> = new Set(["delay", "abort", "delay,abort"]);

/** `undefined` for what is not of our listeners. */
export function readSample({ at, attributes }: LogRecord, names: RuleNames): SampledRequest | undefined {
  const text = (key: TapAttribute): string | undefined => {
    const value = attributes.get(key);
    return value === undefined || value === "" || value === ABSENT ? undefined : value;
  };
  const number = (key: TapAttribute): number | undefined => {
    const value = Number(text(key) ?? Number.NaN);
    return Number.isFinite(value) ? value : undefined;
  };
  const listener = attributes.get("listener" satisfies TapAttribute);
  if (listener === undefined) {
    return undefined;
  }
  const label = text("rule");
  const rule = label === undefined ? undefined : names.get(label);
  const fault = text("fault");
  // Before a rule has rewritten anything, the same headers are a client's own.
  const isForwarded = !fault?.includes("abort");
  const headers = headersIn(attributes);
  const cluster = text("cluster");
  const optional = {
    ...(FAULTS.has(fault) && { fault: fault as NonNullable<TappedRequest["fault"]> }),
    ...(rule !== undefined
      ? { rule: rule.rule, ...(rule.match !== undefined && { match: rule.match }) }
      : label?.includes("#") && { rule: label }),
    // One that is aborted goes nowhere, whatever was drawn for it before.
    ...(cluster !== undefined && isForwarded && { cluster: names.clusterOf(cluster) }),
    ...given("endpoint", text("endpoint")),
    ...given("upstreamMs", number("upstreamMs")),
    ...given("client", text("client")),
    ...given("requestId", text("requestId")),
  };
  return {
    tapped: {
      at,
      listener,
      ...optional,
      method: text("method") ?? "",
      scheme: text("scheme") ?? "",
      authority:
        (isForwarded && rule?.rewritesHost && text("originalAuthority")) || (text("authority") ?? ""),
      path: (isForwarded && rule?.rewritesPath && text("originalPath")) || (text("path") ?? ""),
      protocol: text("protocol") ?? "",
      status: number("status") ?? 0,
      details: text("details") ?? "",
      flags: text("flags") ?? "",
      durationMs: number("durationMs") ?? 0,
      attempts: number("attempts") ?? 0,
      bytesIn: number("bytesIn") ?? 0,
      bytesOut: number("bytesOut") ?? 0,
      headers: masked(headers),
    },
    headers,
    ...given("label", label),
    ...given("place", rule?.place),
  };
}

function headersIn(attributes: ReadonlyMap<string, string>): HeaderLine[] {
  return [...attributes]
    .filter(([key, value]) => key.startsWith(HEADER_ATTRIBUTE) && value !== ABSENT)
    .map(([key, value]) => [key.slice(HEADER_ATTRIBUTE.length), value]);
}

function given<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: T });
}
