/** Where the tokens of a request are, and how they are taken out of it: Envoy's `jwt_authn` extractor. */

import type { Authentication, TokenProvider } from "../../ir/authentication.ts";
import type { HeaderLine } from "../request/wire.ts";
import { parseToken } from "./token.ts";

/** The parts of a request that can have one. */
export interface TokenHolder {
  readonly path: string;
  readonly headers: readonly HeaderLine[];
}

export interface FoundToken {
  readonly token: string;
  /** The request without it. */
  removeFrom<T extends TokenHolder>(request: T): T;
}

type Locations = Pick<TokenProvider, "headers" | "parameters" | "cookies">;

/** Where tokens are if nobody says it (RFC 6750). */
const DEFAULT: Locations = {
  headers: [{ name: "authorization", prefix: "Bearer " }],
  parameters: ["access_token"],
  cookies: [],
};

/** All of them, in the order in which Envoy looks at them. */
export function tokensIn(request: TokenHolder, provider: Locations): FoundToken[] {
  const places = placesOf(provider);
  return [
    ...places.headers.flatMap((place) => headerToken(request, place)),
    ...places.parameters.flatMap((name) => parameterToken(request, name)),
    ...places.cookies.flatMap((name) => cookieToken(request, name)),
  ];
}

function placesOf(provider: Locations): Locations {
  const { headers, parameters, cookies } = provider;
  return headers.length + parameters.length + cookies.length > 0 ? provider : DEFAULT;
}

/** What stands behind the prefix, from the first character that a token can have. */
function headerToken({ headers }: TokenHolder, { name, prefix }: Locations["headers"][number]): FoundToken[] {
  const lines = headers.filter(([other]) => other === name).map(([, value]) => value);
  const value = lines.join(",");
  if (lines.length === 0 || !value.includes(prefix)) {
    return [];
  }
  return [
    {
      token: prefix === "" ? value : tokenBehind(value, value.indexOf(prefix) + prefix.length),
      removeFrom: (request) => ({
        ...request,
        headers: request.headers.filter(([other]) => other !== name),
      }),
    },
  ];
}

function tokenBehind(value: string, from: number): string {
  const behind = value.slice(from);
  const start = behind.search(/[\w.-]/);
  return start < 0 ? value : behind.slice(start);
}

function parameterToken({ path }: TokenHolder, name: string): FoundToken[] {
  const start = path.indexOf("?");
  const token =
    start < 0 ? undefined : parametersOf(path.slice(start + 1)).find(([key]) => key === name)?.[1];
  return token === undefined
    ? []
    : [{ token, removeFrom: (request) => ({ ...request, path: withoutParameter(request.path, name) }) }];
}

/** Decoded; what is no escape stays as it is. */
function parametersOf(query: string): [string, string][] {
  return query.split("&").map((one) => {
    const equals = one.indexOf("=");
    return equals < 0
      ? [unescaped(one), ""]
      : [unescaped(one.slice(0, equals)), unescaped(one.slice(equals + 1))];
  });
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withoutParameter(path: string, name: string): string {
  const start = path.indexOf("?");
  const kept = path
    .slice(start + 1)
    .split("&")
    .filter((one) => unescaped(one.split("=", 1)[0]!) !== name);
  return kept.length === 0 ? path.slice(0, start) : `${path.slice(0, start)}?${kept.join("&")}`;
}

/** Envoy leaves cookies as they are. */
function cookieToken({ headers }: TokenHolder, name: string): FoundToken[] {
  for (const [, value] of headers.filter(([other]) => other === "cookie")) {
    for (const cookie of value.split(";")) {
      const [key, ...rest] = cookie.trim().split("=");
      if (key === name && rest.length > 0) {
        return [{ token: rest.join("=").replace(/^"(.*)"$/, "$1"), removeFrom: (request) => request }];
      }
    }
  }
  return [];
}

/** A request with a token where the first provider looks for one that issued it; in the usual place where none did. */
export function withToken<T extends TokenHolder>(
  request: T,
  jwt: string,
  authentication: Authentication | undefined,
): T {
  const token = parseToken(jwt);
  const providers = authentication?.providers ?? [];
  const issuer = typeof token === "string" ? undefined : token.issuer;
  const provider = providers.find((one) => one.issuer === issuer) ?? providers[0];
  const {
    headers: [header],
    parameters: [parameter],
    cookies: [cookie],
  } = placesOf(provider ?? DEFAULT);
  if (header !== undefined) {
    const others = request.headers.filter(([name]) => name !== header.name);
    return { ...request, headers: [...others, [header.name, `${header.prefix}${jwt}`]] };
  }
  if (parameter !== undefined) {
    const separator = request.path.includes("?") ? "&" : "?";
    return { ...request, path: `${request.path}${separator}${encodeURIComponent(parameter)}=${jwt}` };
  }
  const cookies = request.headers.filter(([name]) => name === "cookie").map(([, value]) => value);
  const others = request.headers.filter(([name]) => name !== "cookie");
  return { ...request, headers: [...others, ["cookie", [...cookies, `${cookie}=${jwt}`].join("; ")]] };
}
