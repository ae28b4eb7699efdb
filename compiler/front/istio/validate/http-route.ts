/**
 * One http rule of a VirtualService: which fields exclude one another, and what each may hold.
 * Source: istiod's `validateHTTPRoute` and what it calls.
 */

import type { FieldPath } from "../../resources/resource.ts";
import type {
  Destination,
  HeaderOperations,
  Headers,
  HttpMatchRequest,
  HttpRoute,
  Percent,
} from "../../resources/types.ts";
import {
  checkDuration,
  checkHost,
  checkLabels,
  checkPort,
  checkRegex,
  checkStringMatch,
  hostError,
  isDnsLabel,
  quote,
} from "./common.ts";
import { checkCors } from "./cors.ts";
import { headerValueError } from "./header-value.ts";
import { each, type Reporter } from "./reporter.ts";
import { checkRetries } from "./retries.ts";
import { checkGatewayNames } from "./virtual-service.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What istiod takes for the name of a header: a comma, too, though no header that a client sends has one. */
const HEADER_NAME = /^[!#$%&'*+,\-.^_`|~0-9A-Za-z]+$/;
const PSEUDO_HEADERS = new Set([":method", ":scheme", ":authority", ":path", ":status"]);
const CLAIM = /^@request\.auth\.claims(?:\..|\[.+\]$)/is;
const GRPC_STATUS = new Set(
  `OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED
   RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS
   UNAUTHENTICATED`.split(/\s+/),
);
const BODY_ERROR = 1024 * 1024;
const BODY_WARNING = 100 * 1024;

interface Where {
  /** The resource is a delegate. */
  readonly delegate: boolean;
  /** JWT claims may be matched: the resource is bound to gateways only. */
  readonly claims: boolean;
}

export function checkHttpRoute(reporter: Reporter, route: HttpRoute, path: FieldPath, where: Where): void {
  if (route === null) {
    reporter.report("SL0217", path, "the rule is empty");
    return;
  }
  checkConflicts(reporter, route, path, where);
  each(route.match, [...path, "match"], (match, at) => checkMatch(reporter, match, at, where));
  checkHeaders(reporter, route.headers, [...path, "headers"]);
  checkDestinations(reporter, route, path);
  checkAuthority(reporter, route, path);
  checkFault(reporter, route, path);
  checkMirrors(reporter, route, path);
  checkRedirect(reporter, route, path);
  checkDirectResponse(reporter, route, path);
  checkRewrite(reporter, route, path);
  checkCors(reporter, route.corsPolicy, [...path, "corsPolicy"]);
  checkRetries(reporter, route.retries, [...path, "retries"]);
  checkDuration(reporter, route.timeout, [...path, "timeout"]);
}

function checkConflicts(reporter: Reporter, route: HttpRoute, path: FieldPath, where: Where): void {
  if (route.delegate) {
    if (where.delegate) {
      reporter.report("SL0219", [...path, "delegate"], "a delegate cannot delegate");
    }
    for (const field of ["route", "redirect"] as const) {
      if (route[field] !== undefined) {
        reporter.report("SL0218", [...path, field], `a rule with a delegate has no ${field}`);
      }
    }
    return;
  }
  const actions = (["route", "redirect", "directResponse"] as const).filter((field) =>
    field === "route" ? (route.route?.length ?? 0) > 0 : route[field],
  );
  if (actions.length === 0) {
    reporter.report(
      "SL0218",
      path,
      "the rule does nothing",
      "Give it one of `route`, `redirect`, `directResponse`.",
    );
  }
  for (const field of actions.slice(1)) {
    reporter.report(
      "SL0218",
      [...path, field],
      `a rule has one of route, redirect, directResponse; this has ${actions.join(" and ")}`,
    );
  }
  for (const action of ["redirect", "directResponse"] as const) {
    if (!route[action]) {
      continue;
    }
    for (const field of ["fault", "rewrite"] as const) {
      if (route[field]) {
        reporter.report("SL0218", [...path, field], `a rule with a ${action} has no ${field}`);
      }
    }
  }
  if (route.mirror && (route.mirrors?.length ?? 0) > 0) {
    reporter.report("SL0218", [...path, "mirrors"], "a rule has mirror or mirrors, not both");
  }
}

function checkMatch(reporter: Reporter, match: HttpMatchRequest | null, path: FieldPath, where: Where): void {
  if (match === null) {
    return;
  }
  checkStringMatch(reporter, match.uri, [...path, "uri"], true);
  for (const field of ["scheme", "method", "authority"] as const) {
    checkStringMatch(reporter, match[field], [...path, field]);
  }
  for (const field of ["headers", "withoutHeaders"] as const) {
    for (const [name, value] of Object.entries(match[field] ?? {})) {
      const at = [...path, field, name];
      checkMatchedHeaderName(reporter, name, at, where);
      if (value === null) {
        if (field === "headers") {
          reporter.report("SL0220", at, "no condition is given", "Write {} to ask for presence.");
        }
      } else if (!(value.regex === "*" && field === "withoutHeaders")) {
        checkStringMatch(reporter, value, at);
      }
    }
  }
  for (const [name, value] of Object.entries(match.queryParams ?? {})) {
    checkStringMatch(reporter, value ?? undefined, [...path, "queryParams", name]);
  }
  if (match.port !== undefined && match.port !== 0) {
    checkPort(reporter, match.port, [...path, "port"]);
  }
  checkLabels(reporter, match.sourceLabels, [...path, "sourceLabels"]);
  if (
    match.sourceNamespace !== undefined &&
    match.sourceNamespace !== "" &&
    !isDnsLabel(match.sourceNamespace)
  ) {
    reporter.report(
      "SL0209",
      [...path, "sourceNamespace"],
      `${quote(match.sourceNamespace)} is no namespace`,
    );
  }
  checkGatewayNames(reporter, match.gateways, [...path, "gateways"]);
}

function checkMatchedHeaderName(reporter: Reporter, name: string, path: FieldPath, where: Where): void {
  if (CLAIM.test(name)) {
    if (!where.claims) {
      reporter.report(
        "SL0214",
        path,
        "a JWT claim can be matched only in rules that are bound to gateways and not to the mesh",
      );
    }
  } else if (!isHeaderName(name) && !PSEUDO_HEADERS.has(name)) {
    reporter.report("SL0220", path, `${quote(name)} is no header name`);
  }
}

function checkHeaders(reporter: Reporter, headers: Headers | undefined, path: FieldPath): void {
  for (const side of ["request", "response"] as const) {
    const operations: HeaderOperations = headers?.[side] ?? {};
    for (const verb of ["set", "add"] as const) {
      for (const [name, value] of Object.entries(operations[verb] ?? {})) {
        const at = [...path, side, verb, name];
        checkOperationName(reporter, name, at, side === "request");
        const wrong = headerValueError(value);
        if (wrong !== undefined) {
          reporter.report("SL0222", at, `${quote(value)} has ${wrong}`);
        }
      }
    }
    each(operations.remove, [...path, side, "remove"], (name, at) =>
      checkOperationName(reporter, name, at, false),
    );
  }
}

function checkOperationName(reporter: Reporter, name: string, path: FieldPath, authority: boolean): void {
  const lower = name.toLowerCase();
  if (name === "") {
    reporter.report("SL0220", path, "the header name is empty");
  } else if (lower === "host" || lower === ":authority") {
    if (!authority) {
      reporter.report("SL0221", path, `${quote(name)} cannot be changed here`);
    }
  } else if (lower.startsWith(":")) {
    reporter.report("SL0221", path, `${quote(name)} is a pseudo header and cannot be changed`);
  }
}

function checkDestinations(reporter: Reporter, route: HttpRoute, path: FieldPath): void {
  const list = [...path, "route"];
  let sum = 0;
  each(route.route, list, (entry, at) => {
    checkDestination(reporter, entry?.destination, [...at, "destination"]);
    checkHeaders(reporter, entry?.headers, [...at, "headers"]);
    const weight = entry?.weight ?? 0;
    if (weight < 0) {
      reporter.report("SL0224", [...at, "weight"], `a weight of ${weight} is below 0`);
    }
    sum += Math.max(weight, 0);
  });
  if ((route.route?.length ?? 0) > 1 && sum === 0) {
    reporter.report(
      "SL0224",
      list,
      "the weights add up to 0, so no destination would be chosen",
      "Give each destination a weight; the shares need not add up to 100.",
    );
  }
}

/** A destination of an http, tls or tcp rule, or of a mirror. */
export function checkDestination(
  reporter: Reporter,
  destination: Destination | undefined,
  path: FieldPath,
): void {
  if (!destination) {
    reporter.report("SL0223", path, "there is no destination");
    return;
  }
  if (destination.host === "*") {
    reporter.report("SL0203", [...path, "host"], '"*" is no destination');
  } else {
    checkHost(reporter, destination.host, [...path, "host"]);
  }
  if (destination.subset !== undefined && destination.subset !== "" && !isDnsLabel(destination.subset)) {
    reporter.report("SL0225", [...path, "subset"], `${quote(destination.subset)} is no subset name`);
  }
  const { port } = destination;
  if (port?.number !== undefined) {
    checkPort(reporter, port.number, [...path, "port", "number"]);
  } else if (port) {
    reporter.report("SL0202", [...path, "port"], "there is no number");
  }
}

function checkAuthority(reporter: Reporter, route: HttpRoute, path: FieldPath): void {
  let current = route.rewrite?.authority;
  for (const verb of ["set", "add"] as const) {
    for (const [name, value] of Object.entries(route.headers?.request?.[verb] ?? {})) {
      if (!["host", ":authority"].includes(name.toLowerCase())) {
        continue;
      }
      if (current) {
        const place = [...path, "headers", "request", verb, name];
        reporter.report("SL0226", place, "the authority is rewritten twice in one rule");
      }
      current = value;
    }
  }
}

function checkFault(reporter: Reporter, { fault }: HttpRoute, path: FieldPath): void {
  if (!fault) {
    return;
  }
  const at = [...path, "fault"];
  if (!fault.abort && !fault.delay) {
    reporter.report("SL0230", at, "there is neither a delay nor an abort");
  }
  if (fault.delay) {
    checkDuration(reporter, fault.delay.fixedDelay, [...at, "delay", "fixedDelay"]);
    if (fault.delay.exponentialDelay !== undefined) {
      reporter.report(
        "SL0231",
        [...at, "delay", "exponentialDelay"],
        "Envoy has no exponential delay",
        "Use fixedDelay.",
      );
    }
    checkPercent(reporter, fault.delay.percentage, [...at, "delay", "percentage"], 0.0001);
  }
  if (fault.abort) {
    const { abort } = fault;
    checkStatus(reporter, abort.httpStatus, [...at, "abort", "httpStatus"]);
    if (abort.grpcStatus !== undefined && !GRPC_STATUS.has(abort.grpcStatus)) {
      reporter.report(
        "SL0232",
        [...at, "abort", "grpcStatus"],
        `${quote(abort.grpcStatus)} is no gRPC status`,
        `Write one of ${[...GRPC_STATUS].join(", ")}.`,
      );
    }
    if (abort.http2Error !== undefined) {
      reporter.report(
        "SL0231",
        [...at, "abort", "http2Error"],
        "an HTTP/2 error cannot be injected",
        "Use httpStatus or grpcStatus.",
      );
    }
    checkPercent(reporter, abort.percentage, [...at, "abort", "percentage"], 0.0001);
  }
}

function checkStatus(reporter: Reporter, status: number | undefined, path: FieldPath): void {
  if (status !== undefined && (status < 200 || status > 600)) {
    reporter.report("SL0232", path, `${status} is no status to answer with`, "Use 200 to 599.");
  }
}

function checkPercent(
  reporter: Reporter,
  percent: Percent | undefined,
  path: FieldPath,
  least: number,
): void {
  const value = percent?.value;
  if (value === undefined || value === 0) {
    return;
  }
  if (!(value >= least && value <= 100)) {
    reporter.report("SL0233", [...path, "value"], `${value} is no percentage`, `Use 0, or ${least} to 100.`);
  }
}

function checkMirrors(reporter: Reporter, route: HttpRoute, path: FieldPath): void {
  if (route.mirror) {
    checkDestination(reporter, route.mirror, [...path, "mirror"]);
  }
  for (const field of ["mirrorPercent", "mirror_percent"] as const) {
    const percent = route[field];
    if (percent === undefined) {
      continue;
    }
    const at = [...path, field];
    reporter.report("SL0235", at, `${field} is deprecated`, "Use mirrorPercentage.");
    if (percent > 100) {
      reporter.report("SL0233", at, `${percent} is no percentage`);
    }
  }
  checkPercent(reporter, route.mirrorPercentage, [...path, "mirrorPercentage"], 0);
  each(route.mirrors, [...path, "mirrors"], (mirror, at) => {
    if (!mirror) {
      reporter.report("SL0223", at, "there is no destination");
    } else {
      checkDestination(reporter, mirror.destination, [...at, "destination"]);
      checkPercent(reporter, mirror.percentage, [...at, "percentage"], 0);
    }
  });
}

function checkRedirect(reporter: Reporter, { redirect, match }: HttpRoute, path: FieldPath): void {
  if (!redirect) {
    return;
  }
  const at = [...path, "redirect"];
  if (redirect.uri && redirect.prefixRewrite) {
    reporter.report("SL0218", [...at, "prefixRewrite"], "a redirect has uri or prefixRewrite, not both");
  }
  if (redirect.prefixRewrite && match?.some((entry) => entry?.uri && entry.uri.prefix === undefined)) {
    reporter.report("SL0240", [...at, "prefixRewrite"], "every uri matched must be a prefix to be replaced");
  }
  if (
    !redirect.uri &&
    !redirect.prefixRewrite &&
    !redirect.authority &&
    !redirect.scheme &&
    redirect.port === undefined &&
    redirect.derivePort === undefined
  ) {
    reporter.report(
      "SL0240",
      at,
      "the redirect changes nothing",
      "Give it uri, prefixRewrite, authority, port, derivePort or scheme.",
    );
  }
  if (redirect.port !== undefined && redirect.port !== 0) {
    checkPort(reporter, redirect.port, [...at, "port"]);
  }
  const code = redirect.redirectCode;
  if (code !== undefined && code !== 0 && (code < 300 || code > 399)) {
    reporter.report(
      "SL0240",
      [...at, "redirectCode"],
      `${code} is no redirect`,
      "Use 301, 302, 303, 307 or 308.",
    );
  }
  if (redirect.scheme && redirect.scheme !== "http" && redirect.scheme !== "https") {
    reporter.report("SL0240", [...at, "scheme"], `${quote(redirect.scheme)} is neither http nor https`);
  }
}

function checkDirectResponse(reporter: Reporter, { directResponse }: HttpRoute, path: FieldPath): void {
  if (!directResponse) {
    return;
  }
  checkStatus(reporter, directResponse.status, [...path, "directResponse", "status"]);
  const { string, bytes } = directResponse.body ?? {};
  const size =
    string !== undefined
      ? Buffer.byteLength(string)
      : bytes !== undefined
        ? Buffer.byteLength(bytes, "base64")
        : 0;
  const at = [...path, "directResponse", "body"];
  if (size > BODY_ERROR) {
    reporter.report("SL0241", at, `the body has ${size} bytes; at most ${BODY_ERROR} are sent`);
  } else if (size > BODY_WARNING) {
    reporter.report("SL0242", at, `the body has ${size} bytes, held in memory by every proxy`);
  }
}

function checkRewrite(reporter: Reporter, { rewrite }: HttpRoute, path: FieldPath): void {
  if (!rewrite) {
    return;
  }
  const at = [...path, "rewrite"];
  const regex = rewrite.uriRegexRewrite;
  if (rewrite.uri && regex) {
    reporter.report("SL0218", [...at, "uriRegexRewrite"], "a rewrite has uri or uriRegexRewrite, not both");
  }
  if (!rewrite.uri && !rewrite.authority && !regex) {
    reporter.report(
      "SL0243",
      at,
      "the rewrite changes nothing",
      "Give it uri, uriRegexRewrite or authority.",
    );
  }
  if (regex) {
    if (!regex.match || !regex.rewrite) {
      reporter.report("SL0243", [...at, "uriRegexRewrite"], "match and rewrite are both needed");
    }
    if (regex.match) {
      checkRegex(reporter, regex.match, [...at, "uriRegexRewrite", "match"]);
    }
  }
}

export function isHeaderToken(name: string): boolean {
  return TOKEN.test(name);
}

/** The name of a header in conditions and CORS lists. */
export function isHeaderName(name: string): boolean {
  return HEADER_NAME.test(name);
}

export { hostError };
