/** `http[].redirect`, as istiod writes it for one port. */

import type { Redirect } from "../../../ir/ir.ts";
import type { HttpRoute } from "../../resources/model.ts";
import type { Site } from "../context/site.ts";

type HttpRedirect = NonNullable<HttpRoute["redirect"]>;

/** Codes that Istio's validation lets pass are more; Envoy knows these. */
export const REDIRECT_CODES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const DEFAULT_CODE = 301;

export function lowerRedirect(redirect: HttpRedirect, site: Site): Redirect {
  const port = lowerPort(redirect, site);
  return {
    kind: "redirect",
    status: (redirect.redirectCode || DEFAULT_CODE) as Redirect["status"],
    ...(redirect.authority && { host: redirect.authority }),
    ...(port && { port }),
    ...(redirect.scheme && { scheme: redirect.scheme }),
    ...(redirect.prefixRewrite
      ? { path: { kind: "matched", value: redirect.prefixRewrite } }
      : redirect.uri && { path: { kind: "whole", value: redirect.uri } }),
  };
}

const OWN_PORTS: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
]);

/** A scheme's own port is not written; without a scheme it is that of the listener. */
function lowerPort({ port, derivePort, scheme }: HttpRedirect, site: Site): number | undefined {
  const wanted = derivePort === "FROM_REQUEST_PORT" ? site.port : port;
  return wanted === OWN_PORTS.get(scheme || (site.tls ? "https" : "http")) ? undefined : wanted;
}
