/** What Envoy's CORS filter, which stands behind ours, does with a request that the rules send on. */

import type { CorsPolicy } from "../../ir/ir.ts";
import type { HeaderLine } from "../request/wire.ts";
import { headerOf } from "./headers.ts";
import { valueMatches } from "./trial.ts";

export interface CorsVerdict {
  /** The filter answers itself, with 200. */
  readonly isAnswered: boolean;
  /** On the answer, whoever gives it. */
  readonly headers: readonly HeaderLine[];
}

export function judgeOrigin(policy: CorsPolicy, request: readonly HeaderLine[]): CorsVerdict {
  const origin = headerOf(request, "origin") ?? "";
  const isPreflight =
    headerOf(request, ":method") === "OPTIONS" &&
    origin !== "" &&
    (headerOf(request, "access-control-request-method") ?? "") !== "";
  const isAllowed = origin !== "" && policy.allowOrigins.some((match) => valueMatches(match, origin));
  const written = (name: string, value: string): HeaderLine[] => (value === "" ? [] : [[name, value]]);
  const credentials = written("access-control-allow-credentials", policy.allowCredentials ? "true" : "");
  const forOrigin: HeaderLine[] = isAllowed
    ? [
        ["access-control-allow-origin", origin],
        ...credentials,
        ...written("access-control-expose-headers", policy.exposeHeaders),
      ]
    : [];
  const isAnswered = isPreflight && (isAllowed || !policy.forwardUnmatchedPreflights);
  if (!isAnswered) {
    return { isAnswered, headers: forOrigin };
  }
  return {
    isAnswered,
    headers: [
      ...(isAllowed ? forOrigin : credentials),
      // Even a client of another origin is told these; without the first, its browser stops here.
      ...written("access-control-allow-methods", policy.allowMethods),
      ...written("access-control-allow-headers", policy.allowHeaders),
      ...(policy.maxAgeSeconds === undefined
        ? []
        : written("access-control-max-age", String(policy.maxAgeSeconds))),
    ],
  };
}
