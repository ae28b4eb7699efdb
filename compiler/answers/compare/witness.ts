/** Requests of given values, as a client would send them. */

import type { Listener } from "../../ir/ir.ts";
import { DIRECT } from "../../ir/topology.ts";
import type { AskedRequest } from "../request/asked.ts";
import type { Claims, Json } from "../request/claims.ts";
import { requestAt, schemeOf } from "../request/request-at.ts";
import type { HeaderLine } from "../request/wire.ts";
import type { Attribute, AttributeValue } from "./attributes.ts";
import type { Protocol } from "./universe.ts";

/** Over HTTP/1.1, which everybody can send, and over HTTP/2, which can say more: not each has to be possible. */
export function witnessesOf(
  authority: string,
  attributes: readonly Attribute[],
  values: ReadonlyMap<number, AttributeValue>,
  listener: Pick<Listener, "role" | "tls" | "topology">,
  protocol: Protocol,
): AskedRequest[] {
  const all = partsOf(authority, attributes, values);
  const isOwn = ([name]: HeaderLine) => isTold(listener) || name !== "x-forwarded-proto";
  const parts = { ...all, headers: all.headers.filter(isOwn) };
  const overHttp1 = http1(parts, listener);
  if (protocol === "HTTP/1.1") {
    return [overHttp1];
  }
  // Clients hardly say another scheme over HTTP/1.1 than that of the connection.
  const isUsual = requestAt(overHttp1, listener).saysScheme === undefined;
  return [...(isUsual ? [overHttp1] : []), http2(parts, listener)];
}

interface Parts {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: readonly HeaderLine[];
  readonly scheme?: string;
  readonly claims?: Claims;
}

function http2({ scheme, ...parts }: Parts, { tls }: Pick<Listener, "tls">): AskedRequest {
  return { ...parts, ...ofScheme(scheme ?? schemeOf(tls !== undefined)), protocol: "HTTP/2" };
}

/** An edge says itself how a request came, but where a proxy before it says it by a header. */
function isTold({ role, topology = DIRECT }: Pick<Listener, "role" | "topology">): boolean {
  return role === "mesh" || topology.trustedProxies > 0;
}

function http1(
  { scheme, ...parts }: Parts,
  listener: Pick<Listener, "role" | "tls" | "topology">,
): AskedRequest {
  const headers = withBothOfUpgrade(parts.headers);
  const own = schemeOf(listener.tls !== undefined);
  const isForwarded = isTold(listener) && !headers.some(([name]) => name === "x-forwarded-proto");
  return isForwarded && scheme === "https"
    ? { ...parts, headers: [...headers, ["x-forwarded-proto", "https"]], protocol: "HTTP/1.1" }
    : { ...parts, headers, ...ofScheme(scheme ?? own), protocol: "HTTP/1.1" };
}

function ofScheme(scheme: string): Pick<AskedRequest, "secure" | "scheme"> {
  return scheme === "https" ? { secure: true } : scheme === "http" ? {} : { scheme };
}

/** One of them alone is dropped. */
function withBothOfUpgrade(headers: readonly HeaderLine[]): readonly HeaderLine[] {
  const has = (wanted: string) => headers.some(([name]) => name === wanted);
  if (has("upgrade") === has("connection")) {
    return headers;
  }
  return [...headers, has("upgrade") ? ["connection", "upgrade"] : ["upgrade", "websocket"]];
}

function partsOf(
  authority: string,
  attributes: readonly Attribute[],
  values: ReadonlyMap<number, AttributeValue>,
): Parts {
  let path = "/";
  let host = authority;
  let method = "GET";
  let scheme: string | undefined;
  const query: string[] = [];
  const headers: HeaderLine[] = [];
  const claims: { readonly path: readonly string[]; readonly lines: readonly string[] }[] = [];
  for (const [index, { lines }] of [...values].sort(([a], [b]) => a - b)) {
    const { name } = attributes[index]!;
    const [first] = lines;
    if (first === undefined) {
      continue;
    }
    if (name.kind === "path") {
      path = first;
    } else if (name.kind === "query") {
      query.push(first === "" ? `${name.name}=` : `${name.name}=${first}`);
    } else if (name.kind === "claim") {
      claims.push({ path: name.path, lines });
    } else if (name.name === ":authority") {
      host = first;
    } else if (name.name === ":method") {
      method = first;
    } else if (name.name === ":scheme") {
      scheme = first;
    } else if (!name.name.startsWith(":")) {
      headers.push(...lines.map((line): HeaderLine => [name.name, line]));
    }
  }
  return {
    method,
    authority: host,
    path: query.length === 0 ? path : `${path}?${query.join("&")}`,
    headers,
    ...(scheme !== undefined && { scheme }),
    ...(claims.length > 0 && { claims: claimsOf(claims) }),
  };
}

/** One inside of another where their paths say so. A claim that is a text as well as an object cannot be. */
function claimsOf(
  all: readonly { readonly path: readonly string[]; readonly lines: readonly string[] }[],
): Claims {
  const names = new Set(all.flatMap(({ path }) => path.slice(0, 1)));
  return Object.fromEntries(
    [...names].map((name): [string, Json] => {
      const own = all.find(({ path }) => path.length === 1 && path[0] === name);
      const inside = all.filter(({ path }) => path.length > 1 && path[0] === name);
      return [
        name,
        own === undefined
          ? claimsOf(inside.map(({ path, lines }) => ({ path: path.slice(1), lines })))
          : own.lines.length === 1
            ? own.lines[0]!
            : own.lines,
      ];
    }),
  );
}
