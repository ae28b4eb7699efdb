/**
 * What a route asks of Envoy that no header can ask for: mirrors, a prefix for statistics, how a retry picks its host.
 * The few distinct combinations are *classes*: the filter writes a class's name into `x-sluice-class`, and Envoy's
 * route of that name does the rest. Both the encoder of the blob and the emitter of Envoy's routes ask here, so that
 * no blob can name a class that Envoy does not have.
 */

import { createHash } from "node:crypto";
import { perStretch } from "../lists/stretches.ts";
import { canonicalJson } from "./canonical-json.ts";
import { hasVariables } from "./header-values.ts";
import type {
  CorsPolicy,
  Destination,
  DirectResponse,
  Forward,
  HashKey,
  HeaderMutation,
  Mirror,
  PathMatch,
  PathRewrite,
  Redirect,
  RetryPolicy,
  Route,
  RouteTable,
  VirtualHost,
} from "./ir.ts";
import { hasLocation } from "./location.ts";
import { compareStrings } from "./text.ts";

export interface RouteClass {
  readonly retry: ClassRetry;
  readonly statPrefix?: string;
  readonly mirrors?: readonly Mirror[];
  readonly hash?: readonly HashKey[];
  readonly cors?: CorsPolicy;
  readonly headers?: ClassHeaders;
  /** Of the destination alone, applied before. */
  readonly destinationHeaders?: ClassHeaders;
  /** What Envoy rewrites, after it has written headers. */
  readonly rewrite?: ClassRewrite;
  /** Envoy answers in place of the filter, which decided to send the request on. */
  readonly answer?: Answer;
}

/** Headers that Envoy writes: variables, and everything on an answer of an upstream. */
export interface ClassHeaders {
  readonly request?: HeaderMutation;
  readonly response?: HeaderMutation;
}

/** The path and the host, where the filter cannot write them. */
export interface ClassRewrite {
  readonly path?: PathRewrite;
  /** What the route matched, when something is put in its place. */
  readonly match?: PathMatch;
  readonly host?: string;
  readonly appendsForwardedHost?: true;
  /** The host of the destination alone, written before. */
  readonly destinationHost?: string;
}

export interface Answer {
  readonly action: Redirect | DirectResponse;
  /** What the route matched, when the action puts something in its place. */
  readonly path?: PathMatch;
}

/**
 * `default`: all of it is istiod's default policy; `sameHost`: all but that a retry may go to the host that was tried.
 * Else headers say how often and on what, and this says the rest.
 */
export type ClassRetry = "default" | "sameHost" | HostChoice;

/** What of it is not the default. */
export type HostChoice = Partial<
  Pick<RetryPolicy, "avoidPreviousHosts" | "avoidPreviousPriorities" | "backOffMs">
>;

/** The policy of Envoy's default route: a route that has it needs no header for it. Istiod's default. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 2,
  perTryTimeoutMs: 0,
  retryOn: ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"],
  retriableStatusCodes: [],
  avoidPreviousHosts: true,
  avoidPreviousPriorities: false,
};

/** The same for requests whose hash says where they go. */
export const SAME_HOST_RETRY: RetryPolicy = { ...DEFAULT_RETRY, avoidPreviousHosts: false };

/** Retries by headers alone, the class that rules ask for most. Every listener has it. */
export const RETRY_CLASS: RouteClass = { retry: {} };
const RETRY_CLASS_NAME = "retry";

/** The class of requests that go to a destination of a route; `undefined`: Envoy's default route does. */
export function classOf(route: Route, destination?: Destination): RouteClass | undefined {
  const { action, statPrefix, cors } = route;
  const made: RouteClass = {
    retry: action.kind === "forward" ? classRetry(action.retry) : "default",
    ...(action.kind === "forward" && {
      // Envoy's CORS filter passes over routes that lead to no cluster.
      ...(cors !== undefined && { cors }),
      ...(statPrefix && { statPrefix }),
      ...(action.mirrors?.length && { mirrors: action.mirrors }),
      ...(action.hash?.length && { hash: action.hash }),
      ...forwardHeaders(route, action, destination),
      ...classRewrite(route, action, destination),
    }),
    // The filter answers itself unless only Envoy knows what to say.
    ...(action.kind !== "forward" &&
      needsEnvoy(route.responseHeaders, action) && { headers: { response: route.responseHeaders! } }),
  };
  if (made.retry === "default" && Object.keys(made).length === 1) {
    return undefined;
  }
  return action.kind === "forward" ? made : { ...made, answer: answer(action, route.match.path) };
}

function forwardHeaders(
  { responseHeaders }: Route,
  action: Forward,
  destination: Destination | undefined,
): Pick<RouteClass, "headers" | "destinationHeaders"> {
  const byClass = requestHeadersByClass(action, destination);
  const headers = classHeaders(byClass.route ? action.requestHeaders : undefined, responseHeaders);
  const own = classHeaders(
    byClass.destination ? destination?.requestHeaders : undefined,
    destination?.responseHeaders,
  );
  return { ...(headers && { headers }), ...(own && { destinationHeaders: own }) };
}

/** Whether Envoy has to give the answer: a variable is in it, or the location that it has is operated on. */
function needsEnvoy(
  responseHeaders: HeaderMutation | undefined,
  action: Redirect | DirectResponse,
): responseHeaders is HeaderMutation {
  return (
    hasVariables(responseHeaders) ||
    (hasLocation(action) &&
      responseHeaders !== undefined &&
      [...responseHeaders.remove, ...responseHeaders.write.map(({ name }) => name)].includes("location"))
  );
}

/**
 * A substitution by an expression is Envoy's to do. And what Envoy writes into headers may name the path and the host
 * as they were, so where it writes some, it rewrites both afterwards.
 */
function classRewrite(
  { match }: Route,
  action: Forward,
  destination: Destination | undefined,
): Pick<RouteClass, "rewrite"> {
  const all = requestHeadersByClass(action, destination).route;
  const path = all || action.rewrite?.kind === "regex" ? action.rewrite : undefined;
  const host = all ? action.hostRewrite : undefined;
  const destinationHost = all ? destination?.hostRewrite : undefined;
  if (path === undefined && host === undefined && destinationHost === undefined) {
    return {};
  }
  return {
    rewrite: {
      ...(path && { path }),
      ...(path?.kind === "matched" && match.path && { match: match.path }),
      ...(host !== undefined && { host }),
      ...(action.appendsForwardedHost && { appendsForwardedHost: true }),
      ...(destinationHost !== undefined && { destinationHost }),
    },
  };
}

function classHeaders(
  request: HeaderMutation | undefined,
  response: HeaderMutation | undefined,
): ClassHeaders | undefined {
  return request === undefined && response === undefined
    ? undefined
    : { ...(request && { request }), ...(response && { response }) };
}

/**
 * Which lists of operations on a request go by class, and are then not the filter's: those with a variable, whole, so
 * that their order stays; and the route's when it has to come after a destination's that does, or when a host is written that
 * only Envoy keeps for the upstream.
 */
export function requestHeadersByClass(
  { requestHeaders, destinations, appendsForwardedHost }: Forward,
  destination?: Destination,
): { readonly route: boolean; readonly destination: boolean } {
  return {
    route:
      appendsForwardedHost === true ||
      hasEnvoyWrite(requestHeaders) ||
      destinations.some((one) => hasEnvoyWrite(one.requestHeaders)),
    destination: hasEnvoyWrite(destination?.requestHeaders),
  };
}

/**
 * Whether a list on requests is Envoy's: it has a variable, or names what steers the router (a rule's header has no
 * say in that, as it comes later), a deadline of gRPC among it, or what the CORS filter behind ours reads.
 */
function hasEnvoyWrite(mutation: HeaderMutation | undefined): boolean {
  return (
    mutation !== undefined &&
    (hasVariables(mutation) || [...mutation.remove, ...mutation.write.map(({ name }) => name)].some(isEnvoys))
  );
}

function isEnvoys(name: string): boolean {
  return /^(x-(envoy|sluice)-|(origin|access-control-request-method|content-type|grpc-timeout)$)/.test(name);
}

/** Whether a destination may be of a class of its own among those of its split. */
export function hasOwnHeaders(destination: Destination): boolean {
  return (
    destination.responseHeaders !== undefined ||
    destination.hostRewrite !== undefined ||
    hasEnvoyWrite(destination.requestHeaders)
  );
}

/** Only what is put in place of a matched part needs to know the match. */
function answer(action: Redirect | DirectResponse, path: PathMatch | undefined): Answer {
  const replaces = action.kind === "redirect" && action.path?.kind === "matched";
  return { action, ...(replaces && path !== undefined && { path }) };
}

/**
 * A class is named after its content, so that a blob of yesterday and one of today, side by side during a reload,
 * mean the same by a name.
 */
export function className(routeClass: RouteClass): string {
  const content = canonicalJson(routeClass);
  let name = names.get(content);
  if (name === undefined) {
    name = createHash("sha256").update(content).digest("base64url").slice(0, NAME_LENGTH);
    names.set(content, name);
  }
  return name;
}

/** Every class that a listener's routes can ask for, by name and sorted by it. */
export function classesOf({ virtualHosts }: RouteTable): ReadonlyMap<string, RouteClass> {
  const classes = new Map([[RETRY_CLASS_NAME, RETRY_CLASS]]);
  for (const [name, routeClass] of classesInStretches(virtualHosts).flat()) {
    classes.set(name, routeClass);
  }
  return new Map([...classes].sort(([a], [b]) => compareStrings(a, b)));
}

type NamedClass = readonly [name: string, routeClass: RouteClass];

const classesInStretches = perStretch((hosts: readonly VirtualHost[]): readonly NamedClass[] => [
  ...new Map(hosts.flatMap(({ routes }) => classesOfRoutes(routes))),
]);

/** Of routes, which are the same list for as long as their rules are the same. */
const classesByRoutes = new WeakMap<readonly Route[], readonly NamedClass[]>();

function classesOfRoutes(routes: readonly Route[]): readonly NamedClass[] {
  let classes = classesByRoutes.get(routes);
  if (classes === undefined) {
    classes = routes
      .flatMap((route) =>
        route.action.kind === "forward"
          ? route.action.destinations.map((destination) => classOf(route, destination))
          : [classOf(route)],
      )
      .flatMap((made): NamedClass[] => (made === undefined ? [] : [[className(made), made]]));
    classesByRoutes.set(routes, classes);
  }
  return classes;
}

/** Whether the route has the whole policy that is asked for, so that no header needs to say it. */
export function wholeRetry(retry: RetryPolicy): "default" | "sameHost" | "byHeaders" {
  if (isSamePolicy(retry, DEFAULT_RETRY)) {
    return "default";
  }
  return isSamePolicy(retry, SAME_HOST_RETRY) ? "sameHost" : "byHeaders";
}

/** Asked for each route, so field by field. */
function isSamePolicy(a: RetryPolicy, b: RetryPolicy): boolean {
  return (
    a === b ||
    (a.attempts === b.attempts &&
      a.perTryTimeoutMs === b.perTryTimeoutMs &&
      a.avoidPreviousHosts === b.avoidPreviousHosts &&
      a.avoidPreviousPriorities === b.avoidPreviousPriorities &&
      a.backOffMs === b.backOffMs &&
      isSameList(a.retryOn, b.retryOn) &&
      isSameList(a.retriableStatusCodes, b.retriableStatusCodes))
  );
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

function classRetry(retry: RetryPolicy): ClassRetry {
  const whole = wholeRetry(retry);
  if (whole !== "byHeaders") {
    return whole;
  }
  return hostChoice(retry);
}

/** Names are digests of it: what is the default has no part in them. */
export function hostChoice({
  avoidPreviousHosts,
  avoidPreviousPriorities,
  backOffMs,
}: RetryPolicy): HostChoice {
  return {
    ...(!avoidPreviousHosts && { avoidPreviousHosts }),
    ...(avoidPreviousPriorities && { avoidPreviousPriorities }),
    ...(backOffMs !== undefined && { backOffMs }),
  };
}

/** Long enough that two classes with one name do not happen, and short: it is a header of requests. */
const NAME_LENGTH = 12;

const names = new Map([[canonicalJson(RETRY_CLASS), RETRY_CLASS_NAME]]);
