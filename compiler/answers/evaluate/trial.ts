/**
 * The naive reference: tries every route in order, as the documentation of the IR says and nothing cleverer, and says
 * of each why not. It decides nothing: the filter does, and what the two do not agree on is shown as an error.
 */

import type {
  HeaderMatch,
  PathMatch,
  QueryParamMatch,
  Route,
  RouteMatch,
  RouteTable,
  ValueMatch,
  VirtualHost,
} from "../../ir/ir.ts";
import { lowerAscii } from "../../ir/text.ts";
import { regexMatches } from "../../regex/matches.ts";
import { claimTexts } from "../request/claims.ts";
import type { HostRequest } from "../request/wire.ts";

export interface HostMatch {
  readonly virtualHost: VirtualHost;
  /** Of its domains, the one that took the request. */
  readonly domain: string;
}

/** A condition that a request does not meet. */
export interface Failure {
  /** In the words of rules: `uri`, `method`, `headers.end-user`, `withoutHeaders.x`, `queryParams.q`. */
  readonly field: string;
  /** What was asked for. */
  readonly match: ValueMatch;
  readonly ignoreCase?: boolean;
  /** The values that the request has; none when it lacks the thing. */
  readonly seen: readonly string[];
}

/** The route that a request takes, undefined for none. */
export function naiveRoute(table: RouteTable, request: HostRequest): Route | undefined {
  return hostOf(table, request.authority)?.virtualHost.routes.find((route) => matches(route.match, request));
}

export function hostOf(table: RouteTable, authority: string): HostMatch | undefined {
  let host = lowerAscii(authority);
  if (table.ignorePortInHost && /:[^\]]*$/.test(host)) {
    host = host.slice(0, host.lastIndexOf(":"));
  }
  const { exact, wildcards } = domainsOf(table);
  return exact.get(host) ?? wildcards.find(({ domain }) => covers(domain, host));
}

/** Domains are unique, so that looking one up is as good as trying all; wildcards go by their length, longest first. */
interface Domains {
  readonly exact: ReadonlyMap<string, HostMatch>;
  readonly wildcards: readonly HostMatch[];
}

const knownDomains = new WeakMap<RouteTable, Domains>();

function domainsOf(table: RouteTable): Domains {
  let domains = knownDomains.get(table);
  if (domains === undefined) {
    const all = table.virtualHosts.flatMap((virtualHost) =>
      virtualHost.domains.map((domain): HostMatch => ({ virtualHost, domain })),
    );
    domains = {
      exact: new Map(all.filter(({ domain }) => domain !== "*").map((one) => [one.domain, one])),
      wildcards: all
        .filter(({ domain }) => domain.startsWith("*"))
        .sort((a, b) => b.domain.length - a.domain.length),
    };
    knownDomains.set(table, domains);
  }
  return domains;
}

/** `*` is the shortest of wildcards, and the only one that takes an empty host. */
function covers(domain: string, host: string): boolean {
  return (
    domain === "*" ||
    (domain.startsWith("*") && host.length >= domain.length && host.endsWith(domain.slice(1)))
  );
}

export function matches({ path, headers, queryParams }: RouteMatch, request: HostRequest): boolean {
  return (
    (path === undefined || pathMatches(path, pathOf(request))) &&
    headers.every((header) => headerMatches(header, headerValues(header, request))) &&
    queryParams.every(({ name, match }) => queryMatches(match, queryValue(name, request.path)))
  );
}

/** What keeps a request from a route, in the order in which a rule is read. */
export function* failures(
  { path, headers, queryParams }: RouteMatch,
  request: HostRequest,
): Generator<Failure> {
  if (path !== undefined) {
    const seen = pathOf(request);
    if (!pathMatches(path, seen)) {
      const { kind, value, ignoreCase } = path;
      yield { field: "uri", match: { kind, value }, ...(ignoreCase && { ignoreCase }), seen: [seen] };
    }
  }
  for (const header of headers) {
    const seen = headerValues(header, request);
    if (!headerMatches(header, seen)) {
      yield { field: headerField(header), match: header.match, seen };
    }
  }
  for (const { name, match } of queryParams) {
    const seen = queryValue(name, request.path);
    if (!queryMatches(match, seen)) {
      yield { field: `queryParams.${name}`, match, seen: seen === undefined ? [] : [seen] };
    }
  }
}

function pathOf({ path }: HostRequest): string {
  const end = path.search(/[?#]/);
  return end < 0 ? path : path.slice(0, end);
}

function pathMatches({ kind, value, ignoreCase }: PathMatch, path: string): boolean {
  return ignoreCase && kind !== "regex"
    ? valueMatches({ kind, value: lowerAscii(value) }, lowerAscii(path))
    : valueMatches({ kind, value }, path);
}

function headerMatches({ match, invert, missingAsEmpty }: HeaderMatch, seen: readonly string[]): boolean {
  const compared = seen.length === 0 && missingAsEmpty ? [""] : seen;
  return compared.some((value) => valueMatches(match, value)) !== invert;
}

function queryMatches(match: ValueMatch, value: string | undefined): boolean {
  return value !== undefined && valueMatches(match, value);
}

const FIELDS: ReadonlyMap<string, string> = new Map([
  [":method", "method"],
  [":authority", "authority"],
  [":scheme", "scheme"],
]);

export function headerField({ name, claim, invert }: Pick<HeaderMatch, "name" | "claim" | "invert">): string {
  if (claim !== undefined) {
    const named = `@request.auth.claims[${claim.join("][")}]`;
    return invert ? `withoutHeaders.${named}` : `headers.${named}`;
  }
  return invert ? `withoutHeaders.${name}` : (FIELDS.get(name) ?? `headers.${name}`);
}

function headerValues(
  { name, claim }: Pick<HeaderMatch, "name" | "claim">,
  request: HostRequest,
): readonly string[] {
  if (claim !== undefined) {
    return claimTexts(request.claims ?? {}, claim);
  }
  if (name === ":path") {
    return [request.path];
  }
  if (name === ":method") {
    return [request.method ?? "GET"];
  }
  if (name === ":authority") {
    return [request.authority];
  }
  if (name === ":scheme") {
    return [request.scheme ?? "http"];
  }
  const values: string[] = [];
  for (const [other, value] of request.headers ?? []) {
    if (other === name || other.toLowerCase() === name) {
      values.push(value);
    }
  }
  return values;
}

function queryValue(name: QueryParamMatch["name"], path: string): string | undefined {
  const start = path.indexOf("?");
  if (start < 0) {
    return undefined;
  }
  const parameters = path.slice(start + 1).split("&");
  // Envoy stops at the end of the text: nothing stands behind a last `&`.
  if (parameters.at(-1) === "") {
    parameters.pop();
  }
  for (const parameter of parameters) {
    const equals = parameter.indexOf("=");
    const key = equals < 0 ? parameter : parameter.slice(0, equals);
    if (key === name) {
      return equals < 0 ? "" : parameter.slice(equals + 1);
    }
  }
  return undefined;
}

export function valueMatches(match: ValueMatch, value: string): boolean {
  switch (match.kind) {
    case "present":
      return true;
    case "exact":
      return value === match.value;
    case "prefix":
      return value.startsWith(match.value);
    case "regex":
      return regexMatches(match.value, value);
  }
}
