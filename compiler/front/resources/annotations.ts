/**
 * Our own annotations, for what no field of Istio's says. Those of a VirtualService hold for all its rules; those of a
 * delegate for its own. Which kind may have which: `front/istio/validate/annotations.ts`.
 */

import type { Sticky } from "../../ir/ir.ts";
import { isHeaderToken } from "./header-names.ts";

/** All of ours begin so. */
export const OUR_PREFIX = "sluice.dev/";
/** Makes splits a function of who asks: `header:<name>`, `cookie:<name>` or `source-ip`. */
export const STICKY = "sluice.dev/sticky";

/** `upstream`: faults behave as if the upstream had them. `proxy`, Istio's way, is what they are unless told. */
export const FAULT_SCOPE = "sluice.dev/fault-scope";
export const FAULT_SCOPES = ["proxy", "upstream"] as const;

/** Of a Gateway: what clients read when the proxy itself has to say that something went wrong. */
export const ERROR_PAGE = "sluice.dev/error-page";
/** Of a Gateway: which responses are compressed, and how. */
export const COMPRESSION = "sluice.dev/compression";
/** How many requests rules let through (`rate-limits.ts`). */
export const RATE_LIMIT = "sluice.dev/rate-limit";

export type Annotations = Readonly<Record<string, string>>;

/** What the value of `sluice.dev/sticky` means; undefined when it means nothing. */
export function parseSticky(value: string): Sticky | undefined {
  if (value === "source-ip") {
    return { kind: "sourceIp" };
  }
  const colon = value.indexOf(":");
  const kind = value.slice(0, colon);
  const name = value.slice(colon + 1).trim();
  if (!isHeaderToken(name)) {
    return undefined;
  }
  if (kind === "header") {
    return { kind, name: name.toLowerCase() };
  }
  // Names of cookies are tokens, too (RFC 6265), but their case counts.
  return kind === "cookie" ? { kind, name } : undefined;
}
