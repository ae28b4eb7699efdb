/**
 * Redirects that send a client back to where it came from: it follows the location, meets the same rule, and gives up
 * after some twenty times. The most obvious request for each redirect is followed, as long as it stays in its virtual host.
 */

import type { Reading } from "../../compile.ts";
import { DIAGNOSTIC_CODES } from "../../diagnostics/codes.ts";
import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { Listener, PathNormalization, Redirect, Route, RouteMatch, VirtualHost } from "../../ir/ir.ts";
import { normalizationOf } from "../../ir/path-normalization.ts";
import { lowerAscii } from "../../ir/text.ts";
import { type ArrivedRequest, arrive } from "../evaluate/arrival.ts";
import { naiveRoute } from "../evaluate/trial.ts";
import type { HostRequest } from "../request/wire.ts";
import { hasBadExpression } from "./bad-expression.ts";
import { exampleRequest } from "./example-request.ts";

/** Clients follow some twenty; who is redirected as often as this never arrives. */
const MOST_HOPS = 10;

export function reportRedirectLoops({ config }: Pick<Reading, "config">, sink: DiagnosticSink): void {
  const said = new Set<string>();
  const pathNormalization = normalizationOf(config);
  for (const listener of config.listeners) {
    for (const virtualHost of listener.routes.virtualHosts) {
      if (virtualHost.routes.some(hasBadExpression)) {
        continue;
      }
      for (const route of virtualHost.routes) {
        const { action, origin } = route;
        if (action.kind !== "redirect" || origin === undefined || said.has(origin.id)) {
          continue;
        }
        const url = endlessUrl(route, virtualHost, listener, pathNormalization);
        if (url === undefined) {
          continue;
        }
        said.add(origin.id);
        sink.report({
          code: "SL0821",
          level: DIAGNOSTIC_CODES.SL0821.level,
          message: `this redirect leads to itself: a client that asks for ${url} is sent there again`,
          span: origin.span,
          help: "Put a rule that serves that URL before it, or let the redirect lead to another host, path or scheme.",
        });
      }
    }
  }
}

/** One that is redirected for ever, beginning at this route. */
function endlessUrl(
  route: Route,
  virtualHost: VirtualHost,
  listener: Listener,
  normalization: PathNormalization,
): string | undefined {
  const host = virtualHost.domains.find((domain) => !domain.startsWith("*"));
  const example = exampleRequest(route.match);
  const named =
    host === undefined || asksForAuthority(route.match) ? example : { ...example, authority: host };
  const first = asArrived(named, listener, normalization);
  if (first === undefined || naiveRoute(listener.routes, first) !== route) {
    return undefined;
  }
  let request = first;
  for (let hop = 0; hop < MOST_HOPS; hop++) {
    const taken: Route | undefined = naiveRoute(listener.routes, request);
    const next =
      taken?.action.kind === "redirect" ? follow(request, taken.action, taken.match, listener) : undefined;
    const arrived = next === undefined ? undefined : asArrived(next, listener, normalization);
    if (arrived === undefined) {
      return undefined;
    }
    request = arrived;
  }
  return `${request.scheme}://${request.authority}${request.path}`;
}

function asksForAuthority({ headers }: RouteMatch): boolean {
  return headers.some(({ name, invert }) => name === ":authority" && !invert);
}

function asArrived(
  request: HostRequest,
  listener: Listener,
  normalization: PathNormalization,
): ArrivedRequest | undefined {
  const { headers = [], method = "GET" } = request;
  const arrival = arrive({ ...request, headers, method, protocol: "HTTP/1.1" }, listener, normalization);
  return arrival.kind === "request" ? arrival.request : undefined;
}

/** What a client asks next; `undefined` where that is another listener's, or cannot be told without the filter. */
function follow(
  request: ArrivedRequest,
  { host, port, scheme, path }: Redirect,
  match: RouteMatch,
  { servicePort, tls }: Listener,
): HostRequest | undefined {
  const isElsewhere =
    (scheme !== undefined && lowerAscii(scheme) !== (tls === undefined ? "http" : "https")) ||
    (port !== undefined && port !== servicePort);
  const next = path === undefined ? request.path : replaced(request.path, path, match);
  return isElsewhere || next === undefined
    ? undefined
    : { ...request, authority: host ?? request.authority, path: next };
}

function replaced(
  current: string,
  path: NonNullable<Redirect["path"]>,
  { path: matched }: RouteMatch,
): string | undefined {
  const queryAt = current.indexOf("?");
  const query = queryAt < 0 ? "" : current.slice(queryAt);
  if (path.kind === "regex" || path.value === "") {
    return path.kind === "regex" ? undefined : current;
  }
  const rest =
    path.kind === "matched" && matched?.kind === "prefix"
      ? current.slice(matched.value.length, current.length - query.length)
      : "";
  return path.value.includes("?") ? path.value : `${path.value}${rest}${query}`;
}
