/**
 * What Envoy's `jwt_authn` filter does with a request before rules see it: it verifies the tokens that it has, refuses the request
 * if one is not good, and else takes the token out and keeps its claims. `xds/token-filter.ts` says what Envoy is told.
 */

import type { Authentication, TokenProvider } from "../../ir/authentication.ts";
import type { Claims, Json } from "../request/claims.ts";
import type { HeaderLine, HostRequest } from "../request/wire.ts";
import { type FoundToken, type TokenHolder, tokensIn } from "./locations.ts";
import { type Key, verifySignature } from "./signature.ts";
import { parseToken, type Token } from "./token.ts";
import { AUDIENCE_NOT_ALLOWED, MISSING, REFUSALS, UNKNOWN_ISSUER } from "./token-status.ts";

/** A request as it goes on, and what is known of whoever sent it. */
export interface Authenticated<T extends TokenHolder> {
  readonly kind: "authenticated";
  /** With its claims, if it has a token. */
  readonly request: T;
  /** Its signature was not verified: Envoy fetches the keys, and they are not known here. */
  readonly isOnTrust?: true;
}

export interface Unauthenticated {
  readonly kind: "unauthenticated";
  readonly status: 401 | 403;
  /** Envoy's words for why. */
  readonly body: string;
}

const OK = "OK";
/** Clocks that differ by so many seconds do no harm. */
const CLOCK_SKEW = 60;

/** `now`: seconds since 1970. */
export function authenticate<
  T extends TokenHolder & Pick<HostRequest, "claims"> & { readonly method: string },
>(request: T, authentication: Authentication, now: number): Authenticated<T> | Unauthenticated {
  const asking = new Asking(request, authentication.providers, now);
  const why = isPreflight(request) ? OK : asking.ask();
  if (why !== OK) {
    return { kind: "unauthenticated", status: why === AUDIENCE_NOT_ALLOWED ? 403 : 401, body: why };
  }
  return {
    kind: "authenticated",
    request: { ...asking.request, ...(asking.claims !== undefined && { claims: asking.claims }) },
    ...(asking.isOnTrust && { isOnTrust: true as const }),
  };
}

/** A browser asks without a token whether it may ask with one. */
function isPreflight({ method, headers }: TokenHolder & { readonly method: string }): boolean {
  const has = (wanted: string) => headers.some(([name, value]) => name === wanted && value !== "");
  return method === "OPTIONS" && has("origin") && has("access-control-request-method");
}

class Asking<T extends TokenHolder> {
  request: T;
  claims: Claims | undefined;
  isOnTrust = false;
  readonly #providers: readonly TokenProvider[];
  readonly #now: number;

  constructor(request: T, providers: readonly TokenProvider[], now: number) {
    // What a client says of its token is dropped, whether it has one or not.
    const written = new Set(
      providers.flatMap(({ payloadHeader, claimHeaders }) => [
        payloadHeader,
        ...claimHeaders.map(({ name }) => name),
      ]),
    );
    this.request = { ...request, headers: request.headers.filter(([name]) => !written.has(name)) };
    this.#providers = providers;
    this.#now = now;
  }

  /** One provider is enough that takes the token, wherever it is; else none may refuse what it finds. */
  ask(): string {
    const providers = this.#providers;
    const [only] = providers;
    if (providers.length === 1) {
      return this.#orMissing(only!);
    }
    return this.#any([
      ...providers.map((provider) => () => this.#provider(provider)),
      () => {
        for (const provider of providers) {
          const why = this.#orMissing(provider);
          if (why !== OK) {
            return why;
          }
        }
        return OK;
      },
    ]);
  }

  #orMissing(provider: TokenProvider): string {
    return this.#any([() => this.#provider(provider), () => this.#missing(provider)]);
  }

  /** Until one says yes. What a token lacks says more than that there is none, or that it is somebody else's. */
  #any(all: readonly (() => string)[]): string {
    let said: string | undefined;
    for (const one of all) {
      const why = one();
      if (why === OK) {
        return OK;
      }
      said = said === undefined || said === MISSING || said === UNKNOWN_ISSUER ? why : said;
    }
    return said ?? OK;
  }

  #provider(provider: TokenProvider): string {
    const found = tokensIn(this.request, provider);
    return found.length === 0 ? MISSING : this.#verifyAll(found, () => provider);
  }

  /** Where there is a token, it has to be good all the same, for whoever issued it. */
  #missing(provider: TokenProvider): string {
    const ofIssuer = (issuer: string) =>
      this.#providers.find((one) => one.issuer === issuer) ??
      this.#providers.find((one) => one.issuer === undefined);
    return this.#verifyAll(tokensIn(this.request, provider), ({ issuer }) => ofIssuer(issuer));
  }

  #verifyAll(found: readonly FoundToken[], providerOf: (token: Token) => TokenProvider | undefined): string {
    for (const one of found) {
      const token = parseToken(one.token);
      if (typeof token === "string") {
        return token;
      }
      const provider = providerOf(token);
      const why = provider === undefined ? UNKNOWN_ISSUER : this.#refusalOf(token, provider);
      if (why !== undefined) {
        return why;
      }
      this.#take(one, token, provider!);
    }
    return OK;
  }

  #refusalOf(token: Token, { issuer, audiences, keys }: TokenProvider): string | undefined {
    if (issuer !== undefined && token.issuer !== issuer) {
      return UNKNOWN_ISSUER;
    }
    const { nbf, exp } = token.claims;
    if (typeof nbf === "number" && this.#now + CLOCK_SKEW < Math.trunc(nbf)) {
      return REFUSALS.notYetValid;
    }
    if (typeof exp === "number" && exp >= 1 && this.#now > Math.trunc(exp) + CLOCK_SKEW) {
      return REFUSALS.expired;
    }
    if (audiences.length > 0 && !token.audiences.some((one) => allowsAudience(audiences, one))) {
      return AUDIENCE_NOT_ALLOWED;
    }
    if (keys.kind === "remote") {
      this.isOnTrust = true;
      return undefined;
    }
    switch (verifySignature(token, keysOf(keys.jwks))) {
      case "forged":
        return REFUSALS.signature;
      case "wrongLength":
        return REFUSALS.signatureLength;
      case "noKey":
        return REFUSALS.noKey;
      case "noKeys":
        return REFUSALS.noKeys;
      default:
        return undefined;
    }
  }

  #take(found: FoundToken, { claims, payload }: Token, provider: TokenProvider): void {
    const written: HeaderLine[] = provider.claimHeaders.flatMap(({ name, claim }): HeaderLine[] => {
      const text = headerText(claims, claim);
      return text === undefined ? [] : [[name, text]];
    });
    if (provider.payloadHeader !== undefined) {
      written.push([provider.payloadHeader, payload]);
    }
    const request = provider.forwards ? this.request : found.removeFrom(this.request);
    const others = request.headers.filter(([name]) => !written.some(([other]) => other === name));
    this.request = { ...request, headers: [...others, ...written] };
    this.claims = normalizedClaims(claims, provider.spaceDelimitedClaims);
  }
}

/** A slash at the end makes no difference, nor does the scheme of a URL. */
function allowsAudience(audiences: readonly string[], one: string): boolean {
  const bare = (text: string) => text.replace(/^https?:\/\//, "").replace(/\/$/, "");
  return audiences.some((audience) => bare(audience) === bare(one));
}

function keysOf(jwks: string): readonly Key[] {
  try {
    const { keys } = JSON.parse(jwks) as { readonly keys?: unknown };
    return Array.isArray(keys) ? keys : [];
  } catch {
    return [];
  }
}

/** A claim as a header has it: `a.b` is one inside of another. */
function headerText(claims: Claims, path: string): string | undefined {
  let value: Json | undefined = claims;
  for (const name of path.split(".")) {
    value =
      typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
        ? (value as Claims)[name]
        : undefined;
  }
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return numberText(value);
    case "boolean":
      return String(value);
    default:
      return value === undefined || value === null
        ? undefined
        : Buffer.from(JSON.stringify(value)).toString("base64");
  }
}

/** A number as Envoy writes it: a whole one from 0 to below 2^64 with all its digits, any other with six behind the point. */
function numberText(value: number): string {
  if (!Number.isInteger(value)) {
    return value.toFixed(6);
  }
  return value >= 0 && value < 2 ** 64 ? String(BigInt(value)) : `${BigInt(value)}.000000`;
}

/** Claims as rules see them: those of several words are lists. */
export function normalizedClaims(claims: Claims, spaceDelimited: readonly string[]): Claims {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      typeof value === "string" && spaceDelimited.includes(name)
        ? value.split(" ").filter((word) => word !== "")
        : value,
    ]),
  );
}
