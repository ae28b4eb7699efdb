/**
 * The naive reference: tries every route in order, as the documentation of the IR says and nothing cleverer.
 * For tests only; nothing that users run decides with it.
 */

import type { HeaderMatch, QueryParamMatch, Route, RouteTable, ValueMatch, VirtualHost } from "../ir/ir.ts";
import type { HostRequest } from "./vm.ts";

/** The route that a request takes, undefined for none. */
export function naiveRoute(table: RouteTable, request: HostRequest): Route | undefined {
  return naiveHost(table, request.authority)?.routes.find((route) => matches(route, request));
}

function naiveHost(table: RouteTable, authority: string): VirtualHost | undefined {
  let host = authority.toLowerCase();
  if (table.ignorePortInHost && /:[^\]]*$/.test(host)) host = host.slice(0, host.lastIndexOf(":"));
  const exact = table.virtualHosts.find(({ domains }) => domains.includes(host));
  if (exact) return exact;
  const wildcards = table.virtualHosts
    .flatMap((virtualHost) => virtualHost.domains.map((domain) => ({ virtualHost, domain })))
    .filter(({ domain }) => domain.startsWith("*") && domain !== "*")
    .filter(({ domain }) => host.length >= domain.length && host.endsWith(domain.slice(1)))
    .sort((a, b) => b.domain.length - a.domain.length);
  return wildcards[0]?.virtualHost ?? table.virtualHosts.find(({ domains }) => domains.includes("*"));
}

function matches({ match }: Route, request: HostRequest): boolean {
  if (match.path) {
    const path = request.path.split(/[?#]/)[0]!;
    const { ignoreCase, kind } = match.path;
    const fold = (text: string) => (ignoreCase && kind !== "regex" ? text.toLowerCase() : text);
    if (!valueMatches({ kind, value: fold(match.path.value) }, fold(path))) return false;
  }
  return (
    match.headers.every((header) => headerMatches(header, request)) &&
    match.queryParams.every((parameter) => queryMatches(parameter, request.path))
  );
}

function headerMatches({ name, match, invert, missingAsEmpty }: HeaderMatch, request: HostRequest): boolean {
  const values = headerValues(name, request);
  if (values.length === 0 && missingAsEmpty) values.push("");
  return values.some((value) => valueMatches(match, value)) !== invert;
}

function headerValues(name: string, request: HostRequest): string[] {
  if (name === ":path") return [request.path];
  if (name === ":method") return [request.method ?? "GET"];
  if (name === ":authority") return [request.authority];
  if (name === ":scheme") return [request.scheme ?? "http"];
  return (request.headers ?? []).filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
}

function queryMatches({ name, match }: QueryParamMatch, path: string): boolean {
  const start = path.indexOf("?");
  if (start < 0) return false;
  const parameters = path.slice(start + 1).split("&");
  // Envoy stops at the end of the text: nothing stands behind a last `&`.
  if (parameters.at(-1) === "") parameters.pop();
  for (const parameter of parameters) {
    const equals = parameter.indexOf("=");
    const key = equals < 0 ? parameter : parameter.slice(0, equals);
    if (key === name) return valueMatches(match, equals < 0 ? "" : parameter.slice(equals + 1));
  }
  return false;
}

function valueMatches(match: ValueMatch, value: string): boolean {
  switch (match.kind) {
    case "present":
      return true;
    case "exact":
      return value === match.value;
    case "prefix":
      return value.startsWith(match.value);
    case "regex":
      // Patterns in tests are from the part of the syntax that JavaScript and RE2 share.
      return new RegExp(`^(?:${match.value})$`, "s").test(value);
  }
}
