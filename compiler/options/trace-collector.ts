/** `--trace-to`: where spans are sent, as OpenTelemetry's protocol has it. */

import { isIPv6 } from "node:net";
import type { OptionKind } from "./kinds.ts";

export interface TraceCollector {
  /** OTLP over HTTP, or over gRPC. */
  readonly protocol: "http" | "grpc";
  readonly isSecure: boolean;
  /** An IP address, without brackets, or a DNS name. */
  readonly host: string;
  readonly port: number;
  /** Of HTTP alone: `/v1/traces`. */
  readonly path: string;
}

/** OpenTelemetry's own, and that of a collector behind HTTPS. */
const PORTS: Readonly<Record<string, number>> = { "http:": 4318, "https:": 443, "grpc:": 4317 };
const PATH = "/v1/traces";

const EXAMPLES = "http://HOST:4318, https://HOST/v1/traces or grpc://HOST:4317";

/** Empty: spans are sent nowhere. */
export const traceCollector: OptionKind<string, "text"> = {
  form: "text",
  read: (given, fail) =>
    parseCollector(given) === undefined ? fail(`"${given}" is not valid; use ${EXAMPLES}`) : given,
  accepts: (value) => typeof value === "string" && (value === "" || parseCollector(value) !== undefined),
  expected: `a URL such as ${EXAMPLES}, or empty`,
  show: String,
  schema: { type: "string" },
};

/** `undefined`: not the URL of a collector. */
export function parseCollector(text: string): TraceCollector | undefined {
  // A URL drops some of what does not belong in one, and it must not come back in a header.
  if (/[\s\p{C}\\]/u.test(text) || !URL.canParse(text)) {
    return undefined;
  }
  const { protocol, hostname, port, pathname, username, password, search, hash } = new URL(
    // The rules for `http` (lower case, brackets, default paths) hold for a scheme that a URL does not know, too.
    text.replace(/^grpc:/i, "http:"),
  );
  const scheme = text.slice(0, text.indexOf(":") + 1).toLowerCase();
  const isGrpc = scheme === "grpc:";
  if (PORTS[scheme] === undefined || `${username}${password}${search}${hash}` !== "" || hostname === "") {
    return undefined;
  }
  if (isGrpc && pathname !== "/") {
    return undefined;
  }
  // A URL leaves out the port that its scheme has anyway.
  const written = /^[a-z]+:\/\/(?:\[[^\]]*\]|[^/:]*):(\d+)/i.exec(text)?.[1];
  const host = hostname.replace(/^\[|\]$/g, "");
  return {
    protocol: isGrpc ? "grpc" : "http",
    isSecure: protocol === "https:",
    host: isIPv6(host) ? host : host.toLowerCase(),
    port: Number(port || written || PORTS[scheme]),
    path: pathname === "/" ? PATH : pathname,
  };
}
