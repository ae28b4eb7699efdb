/**
 * What becomes of a request between a client and the filter, which Envoy's connection manager decides: its path is
 * normalised, headers that only proxies may write are dropped or written. Which requests can be made to arrive at all,
 * `compare/universe.ts` describes; this file decides of one.
 */

import { OUR_PREFIX } from "../../../filter/layout.ts";
import { DROPPED_HEADERS, EDGE_HEADERS, EXTERNAL_ADDRESS_HEADER } from "../../back/envoy-headers.ts";
import type { Listener, PathNormalization } from "../../ir/ir.ts";
import { pathStepsAt } from "../../ir/path-normalization.ts";
import { DIRECT } from "../../ir/topology.ts";
import { normalizedClaims } from "../authenticate/authenticate.ts";
import type { AskedRequest } from "../request/asked.ts";
import { fromClient } from "../request/from-client.ts";
import { type RequestAt, requestAt, schemeOf } from "../request/request-at.ts";
import type { HeaderLine, HostRequest } from "../request/wire.ts";
import { CLIENT_CERTIFICATE_HEADER, fateOfCertificateHeader } from "./certificate-header.ts";
import { type Client, clientOf, withPort } from "./client-address.ts";
import { hasUnderscore, nominatedBy, type Refusal, refusalOf, upgradeOf, withLength } from "./codec.ts";
import { isGrpc } from "./local-reply.ts";
import { normalizePath } from "./normalize-path.ts";
import { isOneLine, joinedValues } from "./one-line.ts";

/** The request as rules see it, or Envoy's refusal. */
export type Arrival = Arrived | Refusal;

export type ArrivedRequest = Required<Omit<HostRequest, "claims">> & Pick<HostRequest, "claims">;

export interface Arrived {
  readonly kind: "request";
  readonly request: ArrivedRequest;
  readonly client: Client;
}

/** Of whoever connects. An address that a header names has none. */
const CLIENT_PORT = 40_000;

/** Of one connection; they mean nothing to the next. */
const HOP_BY_HOP = new Set(["keep-alive", "proxy-connection", "transfer-encoding"]);
/** The same, but for a connection that is to become another one. */
const OF_UPGRADES = new Set(["connection", "upgrade"]);

/** Where requests arrive: what of a listener decides it. */
export type ArrivalAt = Pick<Listener, "role" | "tls" | "underscores" | "paths" | "authentication"> &
  Partial<Pick<Listener, "port" | "topology" | "proxyHeaders">>;

/** Headers that no client's request has when the rules of a listener are asked. */
export function neverArrives(
  name: string,
  at: Pick<ArrivalAt, "role" | "underscores" | "topology"> & { readonly showsCertificate: boolean },
): boolean {
  return (
    isTaken(name, at) ||
    name.startsWith(OUR_PREFIX) ||
    (at.underscores !== undefined && hasUnderscore(name)) ||
    (name === CLIENT_CERTIFICATE_HEADER &&
      fateOfCertificateHeader(at.topology, at.showsCertificate) === "dropped")
  );
}

/** Whether Envoy drops a header of a client's before the first filter. */
function isTaken(name: string, { role, underscores }: Pick<ArrivalAt, "role" | "underscores">): boolean {
  return (
    HOP_BY_HOP.has(name) ||
    DROPPED_HEADERS.has(name) ||
    (role === "gateway" && EDGE_HEADERS.has(name)) ||
    (underscores === "drop" && hasUnderscore(name))
  );
}

const ESCAPED_SLASHES = "the path has escaped slashes";
/** What 400 is to gRPC. */
const GRPC_INTERNAL = 13;

export function arrive(asked: AskedRequest, listener: ArrivalAt, normalization: PathNormalization): Arrival {
  const { role, tls, topology = DIRECT } = listener;
  const { headers: forwarded, connection } = fromClient(asked, listener);
  const sent = { ...requestAt(asked, listener), headers: forwarded };
  const refusal = refusalOf(sent, listener);
  if (refusal !== undefined) {
    return refusal;
  }
  const path = normalizePath(sent.path, pathStepsAt(listener, normalization));
  if (path.kind === "refused") {
    return refusedPath(path.why, sent);
  }
  if (path.kind === "redirected") {
    // A client of gRPC follows no redirect.
    return isGrpc(sent.headers)
      ? refusedPath(ESCAPED_SLASHES, sent)
      : { kind: "refused", status: 307, location: path.path, body: "", why: ESCAPED_SLASHES };
  }
  const headers = headersOf(sent, listener);
  const only = (name: string, value: string) => headers.set(name, [[name, value]]);
  const before = headers.get("x-forwarded-for")?.map(([, value]) => value) ?? [];
  const client = clientOf(connection, before.length === 0 ? undefined : before.join(","), listener);
  // At the edge a client is not believed, but what stands in front is; in the mesh it is a proxy or a service of ours.
  const believes = role === "mesh" || topology.trustedProxies > 0;
  if (role === "gateway") {
    only("x-forwarded-for", [...before, connection].join(","));
    only(EXTERNAL_ADDRESS_HEADER, client.address);
  }
  if (!believes || !headers.has("x-forwarded-proto")) {
    only("x-forwarded-proto", schemeOf(tls !== undefined));
  }
  if (listener.proxyHeaders?.forwardedPort && (!believes || !headers.has("x-forwarded-port"))) {
    only("x-forwarded-port", String(listener.port ?? 0));
  }
  // A certificate that may be shown is not shown here; what Envoy says of one that must be is not known.
  const showsCertificate = tls?.clientCertificate === "required";
  if (fateOfCertificateHeader(topology, showsCertificate) !== "kept") {
    headers.delete(CLIENT_CERTIFICATE_HEADER);
  }
  const proto = headers.get("x-forwarded-proto")![0]![1].toLowerCase();
  if (proto === "") {
    return refused(404, "it does not route requests with an empty x-forwarded-proto");
  }
  return {
    kind: "request",
    request: {
      method: sent.method,
      scheme: schemeAsSeen(sent, proto),
      authority: sent.authority,
      path: path.path,
      headers: [...headers.values()].flat(),
      source: withPort(client.address, client.by === "connection" ? CLIENT_PORT : 0),
      ...claimsAt(sent, listener),
    },
    client,
  };
}

/** Unlike a codec, the connection manager knows what a client speaks. */
function refusedPath(why: string, { headers }: RequestAt): Refusal {
  return isGrpc(headers)
    ? { kind: "refused", status: 200, grpcStatus: GRPC_INTERNAL, body: "", why }
    : refused(400, why);
}

/** Where nobody verifies tokens, no request has claims. */
function claimsAt(
  { claims }: Pick<RequestAt, "claims">,
  { authentication }: Pick<Listener, "authentication">,
): Pick<HostRequest, "claims"> {
  if (claims === undefined || authentication === undefined) {
    return {};
  }
  const spaceDelimited = authentication.providers.flatMap((provider) => provider.spaceDelimitedClaims);
  return { claims: normalizedClaims(claims, spaceDelimited) };
}

function refused(status: number, why: string): Refusal {
  return { kind: "refused", status, body: "", why };
}

/** What a client says of itself counts; an HTTP/1.1 request that says nothing has that of `x-forwarded-proto`. */
function schemeAsSeen({ saysScheme, protocol, secure }: RequestAt, proto: string): string {
  if (saysScheme !== undefined) {
    return saysScheme;
  }
  const isTold = protocol === "HTTP/1.1" && (proto === "http" || proto === "https");
  return isTold ? proto : schemeOf(secure);
}

/** What Envoy keeps of what a client sent, by name. */
function headersOf(sent: RequestAt, at: ArrivalAt): Map<string, HeaderLine[]> {
  const isUpgrade = upgradeOf(sent.headers)?.toLowerCase() === "websocket";
  const nominated = new Set(nominatedBy(sent.headers).filter((name) => !OF_UPGRADES.has(name)));
  const kept = new Map<string, HeaderLine[]>();
  for (const [name, text] of withLength(sent)) {
    // HTTP/1.1 has blanks around values; HTTP/2 takes them for a part.
    const value = sent.protocol === "HTTP/2" ? text : text.replace(/^[ \t]+|[ \t]+$/g, "");
    if (isTaken(name, at) || (OF_UPGRADES.has(name) && !isUpgrade)) {
      continue;
    }
    // A connection may name headers that it keeps for itself.
    if (nominated.has(name) && name !== "te") {
      continue;
    }
    // HTTP/2 sends cookies in pieces, and Envoy puts together those that there are.
    if (name === "cookie" && value === "" && sent.protocol === "HTTP/2") {
      continue;
    }
    const before = kept.get(name);
    if (before === undefined) {
      kept.set(name, [[name, value]]);
    } else if (name === "cookie") {
      kept.set("cookie", [["cookie", `${before[0]![1]}; ${value}`]]);
    } else if (isOneLine(name)) {
      kept.set(name, [[name, joinedValues(before[0]![1], value)]]);
    } else {
      before.push([name, value]);
    }
  }
  const [te] = kept.get("te") ?? [];
  if (te !== undefined && te[1] !== "") {
    // Of what the next hop may do, a proxy passes on that trailers are welcome.
    if (te[1].split(",").some((token) => token.trim() === "trailers")) {
      kept.set("te", [["te", "trailers"]]);
    } else {
      kept.delete("te");
    }
  }
  return kept;
}
