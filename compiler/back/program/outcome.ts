/**
 * What a route leads to, as records: destinations with their shares, the headers that tell Envoy about timeouts
 * and retries, limits, faults, direct responses.
 */

import * as layout from "../../../filter/layout.ts";
import { linesOf } from "../../ir/header-values.ts";
import type { Destination, Fault, Forward, Route } from "../../ir/ir.ts";
import { hasLocation } from "../../ir/location.ts";
import { onlyDestination } from "../../ir/only-destination.ts";
import { className, classOf, hasOwnHeaders, wholeRetry } from "../../ir/route-class.ts";
import * as envoy from "../envoy-headers.ts";
import type { Attributes } from "./attributes.ts";
import { writeDestinationEdits, writeRouteEdits } from "./outcome-edits.ts";
import { writeLimit } from "./outcome-limit.ts";
import { linesInPlaceOf, writeLines } from "./outcome-lines.ts";
import { writeRedirect } from "./outcome-redirect.ts";
import { writeSticky } from "./outcome-sticky.ts";
import { clusterLabel } from "./rule-names.ts";
import { words64 } from "./words.ts";
import type { BlobWriter } from "./writer.ts";

/** The outcomes of one program: most routes share theirs with others. */
export class Outcomes {
  readonly #writer: BlobWriter;
  readonly #attributes: Attributes;
  readonly #isNamed: boolean;
  readonly #listener: string;
  /** By all that they are made of. */
  readonly #written = new Map<string, Outcome>();

  /** `isNamed`: with what clusters are counted as. `listener`: where a limit is one. */
  constructor(writer: BlobWriter, attributes: Attributes, isNamed: boolean, listener: string) {
    this.#writer = writer;
    this.#attributes = attributes;
    this.#isNamed = isNamed;
    this.#listener = listener;
  }

  /** Writes the outcome of a route and returns its record. Equal outcomes are one record. */
  write(route: Route): number {
    const known = keys.get(route);
    const key = known ?? keyOf(route);
    let outcome = this.#written.get(key);
    if (outcome === undefined) {
      outcome = { key, record: this.#write(route) };
      this.#written.set(key, outcome);
    }
    // Equal keys are one text in memory.
    if (known === undefined) {
      keys.set(route, outcome.key);
    }
    return outcome.record;
  }

  #write(route: Route): number {
    const fault = route.fault ? writeFault(this.#writer, route, route.fault) : 0;
    const before =
      route.rateLimit === undefined
        ? fault
        : writeLimit(this.#writer, this.#attributes, this.#listener, route, route.rateLimit, fault);
    return writeOutcome(this.#writer, this.#attributes, this.#isNamed, route, before);
  }
}

interface Outcome {
  readonly key: string;
  readonly record: number;
}

/** Of routes, which are the same objects for as long as their rules are the same. */
const keys = new WeakMap<Route, string>();

/**
 * Two routes with the same key lead to the same. Not the other way round: keys of objects in another order only miss
 * what is known here, and what is written is found again as an equal record.
 */
function keyOf({ rateLimit, fault, action, cors, statPrefix, responseHeaders, match }: Route): string {
  // What replaces a part of the path needs to know which part a match stands for.
  const replaces = action.kind === "redirect" || (action.kind === "forward" && action.rewrite !== undefined);
  const path = replaces ? match.path : undefined;
  return JSON.stringify([action, fault, cors, statPrefix, responseHeaders, path, rateLimit]);
}

/** `before`: the record of what comes before it, or 0. */
function writeOutcome(
  writer: BlobWriter,
  attributes: Attributes,
  isNamed: boolean,
  route: Route,
  before: number,
): number {
  const action = route.action;
  if (action.kind !== "forward" && classOf(route) !== undefined) {
    // Envoy's route of that class answers: there is no cluster to go to.
    return writer.sharedRecord(layout.KIND_FORWARD_ONE, [
      before,
      writeHeaders(writer, classHeader(route)),
      0,
      ...words64(0n),
      0,
      0,
      action.kind === "redirect" ? layout.COUNTED_REDIRECT : layout.COUNTED_DIRECT,
    ]);
  }
  if (action.kind === "directResponse") {
    const body = action.base64
      ? writer.bytes(Buffer.from(action.body, "base64"))
      : writer.string(action.body);
    const lines = writeLines(writer, linesOf([route.responseHeaders]));
    return hasLocation(action)
      ? writeRedirect(
          writer,
          { status: action.status },
          { match: undefined, before, lines, body, isDirect: true },
        )
      : writer.sharedRecord(layout.KIND_RESPONSE, [before, action.status, body.offset, body.length, lines]);
  }
  if (action.kind === "redirect") {
    const lines = writeLines(writer, linesOf([route.responseHeaders]));
    return writeRedirect(writer, action, {
      match: route.match.path,
      before,
      lines,
      body: writer.string(""),
      isDirect: false,
    });
  }
  const only = onlyDestination(action);
  // Where destinations differ in their class, each share names its own.
  const ownClasses = only === undefined && action.destinations.some(hasOwnHeaders);
  const shared = ownClasses ? [] : classHeader(route, only);
  const headers = writeHeaders(writer, [...shared, ...forwardHeaders(action)]);
  const edits = writeRouteEdits(writer, route, action);
  if (only !== undefined) {
    const cluster = writer.string(only.fault ?? only.cluster);
    return writer.sharedRecord(layout.KIND_FORWARD_ONE, [
      before,
      headers,
      edits,
      ...timeoutWords(action),
      cluster.offset,
      cluster.length,
      isNamed ? clusterLabel(writer, only) : 0,
    ]);
  }
  const shares: number[] = [];
  let total = 0n;
  for (const destination of action.destinations) {
    total += BigInt(destination.weight);
    const name = writer.string(destination.fault ?? destination.cluster);
    shares.push(
      ...words64(total),
      name.offset,
      name.length,
      ownClasses ? writeHeaders(writer, classHeader(route, destination)) : 0,
      ownClasses && route.fault?.abort ? writeLines(writer, linesInPlaceOf(route, destination)) : 0,
      writeDestinationEdits(writer, route, action, destination),
      isNamed ? clusterLabel(writer, destination) : 0,
    );
  }
  const sticky = writeSticky(writer, attributes, action);
  return writer.sharedRecord(layout.KIND_FORWARD, [
    before,
    headers,
    edits,
    ...timeoutWords(action),
    sticky,
    ...words64(total),
    ...shares,
  ]);
}

function writeFault(writer: BlobWriter, route: Route, fault: Fault): number {
  const { delay, abort } = fault;
  const kind = !abort ? layout.ABORT_NONE : abort.kind === "http" ? layout.ABORT_HTTP : layout.ABORT_GRPC;
  return writer.sharedRecord(layout.KIND_FAULT, [
    delay ? Math.round(delay.fixedMs) : 0,
    delay?.perMillion ?? 0,
    kind,
    abort?.status ?? 0,
    abort?.perMillion ?? 0,
    // Envoy adds the headers of a route that redirects or answers to that answer only, not to an abort before it.
    abort && route.action.kind === "forward" ? writeLines(writer, linesInPlaceOf(route)) : 0,
  ]);
}

function writeHeaders(writer: BlobWriter, headers: readonly (readonly [string, string])[]): number {
  if (headers.length === 0) {
    return 0;
  }
  const body: number[] = [];
  for (const [name, value] of headers) {
    const pooledName = writer.string(name);
    const pooledValue = writer.string(value);
    body.push(pooledName.offset, pooledName.length, pooledValue.offset, pooledValue.length);
  }
  return writer.sharedRecord(layout.KIND_HEADERS, body);
}

/** Conditions on a gRPC status: Envoy's configuration has one list for all conditions, but its headers have two. */
const GRPC_CONDITIONS: ReadonlySet<string> = new Set([
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
]);

/** The header that names the class of a destination, when it has one. */
function classHeader(route: Route, destination?: Destination): [string, string][] {
  const routeClass = classOf(route, destination);
  return routeClass === undefined ? [] : [[layout.CLASS_HEADER, className(routeClass)]];
}

/** The headers by which Envoy's router learns of retries, in the order they are written. */
function forwardHeaders(action: Forward): [string, string][] {
  const headers: [string, string][] = [];
  const retry = action.retry;
  if (wholeRetry(retry) === "byHeaders") {
    if (retry.attempts > 0) {
      headers.push([envoy.MAX_RETRIES_HEADER, String(retry.attempts)]);
      const grpc = retry.retryOn.filter((condition) => GRPC_CONDITIONS.has(condition));
      const other = retry.retryOn.filter((condition) => !GRPC_CONDITIONS.has(condition));
      if (other.length > 0) {
        headers.push([envoy.RETRY_ON_HEADER, other.join(",")]);
      }
      if (grpc.length > 0) {
        headers.push([envoy.RETRY_GRPC_ON_HEADER, grpc.join(",")]);
      }
      if (retry.retriableStatusCodes.length > 0) {
        headers.push([envoy.RETRIABLE_STATUS_CODES_HEADER, retry.retriableStatusCodes.join(",")]);
      }
      if (retry.perTryTimeoutMs > 0) {
        headers.push([envoy.PER_TRY_TIMEOUT_HEADER, String(Math.round(retry.perTryTimeoutMs))]);
      }
    }
  }
  return headers;
}

/** In whole milliseconds, which is what Envoy counts in; 0 for no timeout. */
function timeoutWords({ timeoutMs }: Forward): number[] {
  return words64(timeoutMs > 0 ? BigInt(Math.max(1, Math.round(timeoutMs))) : 0n);
}
