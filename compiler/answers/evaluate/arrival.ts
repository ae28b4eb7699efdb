/**
 * What becomes of a request between a client and the filter, which Envoy's connection manager decides: its path is
 * normalised, headers that only proxies may write are dropped or written.
 */

import { OUR_PREFIX } from "../../../filter/layout.ts";
import { DROPPED_HEADERS, EDGE_HEADERS, EXTERNAL_ADDRESS_HEADER } from "../../back/envoy-headers.ts";
import type { Listener } from "../../ir/ir.ts";
import type { PathNormalization } from "../../options.ts";
import type { AskedRequest } from "../request/asked.ts";
import type { HeaderLine, HostRequest } from "../request/wire.ts";
import { normalizePath } from "./normalize-path.ts";
import { isOneLine, joinedValues } from "./one-line.ts";

/** The request as rules see it, or Envoy's refusal. */
export type Arrival =
  | { readonly kind: "request"; readonly request: Required<HostRequest> }
  | { readonly kind: "refused"; readonly status: number; readonly why: string };

/** Where a request comes from when nobody says. */
const SOURCE = "127.0.0.1:40000";

/** Of one connection; they mean nothing to the next. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection"]);

/** Headers that no client's request has when the rules of a listener are asked. */
export function neverArrives(name: string, role: Listener["role"]): boolean {
  return isTaken(name, role) || name.startsWith(OUR_PREFIX);
}

/** Whether Envoy drops a header of a client's before the first filter. */
function isTaken(name: string, role: Listener["role"]): boolean {
  return HOP_BY_HOP.has(name) || DROPPED_HEADERS.has(name) || (role === "gateway" && EDGE_HEADERS.has(name));
}

export function arrive(
  asked: AskedRequest,
  { role, tls }: Pick<Listener, "role" | "tls">,
  normalization: PathNormalization,
): Arrival {
  if (asked.method === "CONNECT") {
    return { kind: "refused", status: 404, why: "CONNECT has no path, so no rule matches it" };
  }
  const path = normalizePath(asked.path, normalization);
  if (path === undefined) {
    return { kind: "refused", status: 400, why: "Envoy refuses the path: it contains an escaped NUL" };
  }
  const sent = new Map<string, HeaderLine[]>();
  for (const [name, value] of asked.headers) {
    // HTTP/1.1 has blanks around values; HTTP/2 takes them for a part.
    const line: HeaderLine = [
      name,
      asked.protocol === "HTTP/2" ? value : value.replace(/^[ \t]+|[ \t]+$/g, ""),
    ];
    if (isTaken(line[0], role)) {
      continue;
    }
    // HTTP/2 sends cookies in pieces, and Envoy puts together those that there are.
    if (line[0] === "cookie" && line[1] === "" && asked.protocol === "HTTP/2") {
      continue;
    }
    if (line[0] === "te" && line[1].toLowerCase() !== "trailers") {
      continue;
    }
    const before = sent.get(line[0]);
    if (before === undefined) {
      sent.set(line[0], [line]);
    } else if (line[0] === "cookie") {
      sent.set("cookie", [["cookie", `${before[0]![1]}; ${line[1]}`]]);
    } else if (isOneLine(line[0])) {
      sent.set(line[0], [[line[0], joinedValues(before[0]![1], line[1])]]);
    } else {
      before.push(line);
    }
  }
  const only = (name: string, value: string) => sent.set(name, [[name, value]]);
  const address = SOURCE.slice(0, SOURCE.lastIndexOf(":"));
  // At the edge a client is not believed; in the mesh it is a proxy or a service of ours.
  if (role === "gateway") {
    const before = sent.get("x-forwarded-for")?.map(([, value]) => value) ?? [];
    only("x-forwarded-for", [...before, address].join(","));
    only("x-forwarded-proto", tls ? "https" : "http");
    only(EXTERNAL_ADDRESS_HEADER, address);
  } else if (!sent.has("x-forwarded-proto")) {
    only("x-forwarded-proto", "http");
  }
  const proto = sent.get("x-forwarded-proto")![0]![1].toLowerCase();
  if (proto === "") {
    return {
      kind: "refused",
      status: 404,
      why: "Envoy does not route requests with an empty x-forwarded-proto",
    };
  }
  if (asked.body !== undefined && asked.body !== "" && !sent.has("content-length")) {
    only("content-length", String(Buffer.byteLength(asked.body)));
  }
  return {
    kind: "request",
    request: {
      method: asked.method,
      scheme: proto === "https" ? "https" : "http",
      authority: asked.authority,
      path,
      headers: [...sent.values()].flat(),
      source: SOURCE,
    },
  };
}
