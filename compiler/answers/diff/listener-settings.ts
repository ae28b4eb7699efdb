/** What a listener does to all of its requests and responses, whichever rule decides. A table: what is added to it is compared. */

import { createHash } from "node:crypto";
import type { Config, Listener } from "../../ir/ir.ts";
import { DIRECT } from "../../ir/topology.ts";
import { limitsText, pathsText } from "./limits-text.ts";
import { changesBy, type Settings } from "./settings.ts";

export interface SettingChange {
  readonly listener: string;
  /** As people call it. */
  readonly setting: string;
  /** Absent: the listener has none. */
  readonly before?: string;
  readonly after?: string;
}

const SETTINGS: Settings<Listener> = {
  numTrustedProxies: ({ topology = DIRECT }) =>
    unless(DIRECT.trustedProxies, topology.trustedProxies)?.toString(),
  forwardClientCertDetails: ({ topology = DIRECT }) =>
    unless(DIRECT.clientCertificateHeader, topology.clientCertificateHeader),
  proxyProtocol: ({ proxyProtocol }) => (proxyProtocol ? "a header is expected" : undefined),
  "server header": ({ proxyHeaders: { server } = {} }) =>
    server && (server.kind === "named" ? server.name : "the upstream's"),
  "x-request-id": ({ proxyHeaders }) => (proxyHeaders?.withoutRequestId ? "left as it is" : undefined),
  "x-envoy-attempt-count": ({ proxyHeaders }) => (proxyHeaders?.withoutAttemptCount ? "not told" : undefined),
  "x-forwarded-port": ({ proxyHeaders }) => (proxyHeaders?.forwardedPort ? "told" : undefined),
  "case of header names": ({ proxyHeaders }) => (proxyHeaders?.keepsCase ? "kept" : undefined),
  "Envoy's debug headers": ({ routes }) => (routes.suppressesEnvoyHeaders ? "suppressed" : undefined),
  "error pages": ({ errorPages }) =>
    errorPages
      ?.map(({ statuses, contentType, body }) => {
        const ranges = statuses.map(({ least, most }) => (least === most ? least : `${least}-${most}`));
        const text = body.map((part) => (typeof part === "string" ? part : `%${part.variable}%`));
        return `${ranges.join(", ")} ${contentType}: ${text.join("")}`;
      })
      .join("; "),
  "verified tokens": ({ authentication }) =>
    authentication?.providers
      .map(({ issuer = "any issuer", keys, ...rest }) => {
        const from = keys.kind === "remote" ? `keys of ${keys.uri}` : `${digest(keys.jwks)} as keys`;
        return `${issuer} with ${from} (${JSON.stringify(rest)})`;
      })
      .join("; "),
  compression: ({ compression }) =>
    compression &&
    `${compression.algorithms.join(", ")} from ${compression.minimumBytes} bytes of ${compression.contentTypes.join(", ")}`,
  limits: limitsText,
  "headers with underscores": ({ underscores }) => underscores,
  "path steps": pathsText,
};

/** What is as usual is not shown. */
function unless<T>(usual: T, value: T): T | undefined {
  return value === usual ? undefined : value;
}

/** Keys say nothing to people; whether they are the same does. */
function digest(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
}

/** Of listeners that both sides have. */
export function changedSettings(before: Config, after: Config): SettingChange[] {
  return changesBy(SETTINGS, before.listeners, after.listeners).map(({ name, ...change }) => ({
    listener: name,
    ...change,
  }));
}
