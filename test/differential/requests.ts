/**
 * Requests that hit generated rules. What fast-check makes is a recipe: which rule to aim at and what to change about
 * a request that would match it. Recipe and rules are independent, so that both shrink; `requestFor` brings them
 * together.
 */

import fc, { type Arbitrary } from "fast-check";
import type { StringMatch } from "../../compiler/front/resources/types.ts";
import type { ClientRequest } from "../harness/client.ts";
import type { PlacedScenario } from "./rules.ts";
import { type Match, at as placed, type Rule, type VirtualServiceSpec } from "./scenario.ts";
import { HEADER_NAMES, METHODS, PATHS, QUERY_NAMES, samplesOf, VALUES } from "./vocabulary.ts";

export interface Recipe {
  readonly virtualService: number;
  readonly rule: number;
  readonly match: number;
  /** Draws among texts: which sample of an expression, which suffix, and so on. */
  readonly draws: readonly number[];
  readonly path: (typeof PATH_CHANGES)[number];
  readonly query: (typeof QUERY_CHANGES)[number];
  readonly header: (typeof HEADER_CHANGES)[number];
  readonly authority: (typeof AUTHORITY_CHANGES)[number];
  readonly method: "matched" | "other";
  readonly origin: boolean;
  readonly preflight: boolean;
  readonly upstream: (typeof UPSTREAM_ANSWERS)[number];
  readonly http: "1.1" | "2";
  readonly grpc: boolean;
  readonly oddity: (typeof ODDITIES)[number];
}

export interface Request extends ClientRequest {
  readonly host: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly http: "1.1" | "2";
}

const PATH_CHANGES = [
  "none",
  "none",
  "none",
  "upper",
  "slashAfter",
  "slashBefore",
  "shorter",
  "longer",
  "dot",
  "dotdot",
  "escaped",
  "escapedSlash",
  "backslash",
  "other",
] as const;
const QUERY_CHANGES = [
  "none",
  "none",
  "none",
  "drop",
  "before",
  "after",
  "nameCase",
  "escaped",
  "semicolon",
  "extra",
  "bare",
] as const;
const HEADER_CHANGES = [
  "none",
  "none",
  "none",
  "drop",
  "before",
  "after",
  "joined",
  "case",
  "spaces",
] as const;
const AUTHORITY_CHANGES = ["none", "none", "none", "port80", "port8080", "upper", "dot", "other"] as const;
/** What most clients never send: Envoy refuses some of it before any rule, and lets some of it through to them. */
const ODDITIES = [
  ...Array.from({ length: 20 }, () => "none" as const),
  "https",
  "ftp",
  "FOO",
  "get",
  "PROPFIND",
  "largest",
  "tooLarge",
  "mostHeaders",
  "tooManyHeaders",
  "te",
  "connection",
  "hopByHop",
  "noSlash",
  "host",
  "length",
] as const;
const UPSTREAM_ANSWERS = ["fine", "fine", "fine", "404", "503", "recovers", "slow"] as const;

export const recipes: Arbitrary<Recipe> = fc.record({
  virtualService: fc.nat({ max: 1 }),
  rule: fc.nat({ max: 3 }),
  match: fc.nat({ max: 1 }),
  draws: fc.array(fc.nat({ max: 9 }), { minLength: 4, maxLength: 4 }),
  path: fc.constantFrom(...PATH_CHANGES),
  query: fc.constantFrom(...QUERY_CHANGES),
  header: fc.constantFrom(...HEADER_CHANGES),
  authority: fc.constantFrom(...AUTHORITY_CHANGES),
  method: fc.constantFrom("matched", "matched", "matched", "other"),
  origin: fc.nat({ max: 2 }).map((n) => n === 2),
  preflight: fc.nat({ max: 3 }).map((n) => n === 3),
  upstream: fc.constantFrom(...UPSTREAM_ANSWERS),
  http: fc.constantFrom("1.1", "1.1", "1.1", "1.1", "2"),
  grpc: fc.nat({ max: 9 }).map((n) => n === 9),
  oddity: fc.constantFrom(...ODDITIES),
});

type Draw = <T>(values: readonly T[]) => T;

export function requestFor({ scenario }: PlacedScenario, recipe: Recipe, place: number): Request {
  const virtualService =
    scenario.virtualServices[recipe.virtualService % scenario.virtualServices.length] ??
    scenario.virtualServices[0]!;
  const aimed = virtualService.http[recipe.rule % virtualService.http.length]!;
  const rule = aimed.delegate ? (scenario.delegate[recipe.rule % scenario.delegate.length] ?? aimed) : aimed;
  // Of a delegate's rule, the part of the rule that leads to it must match, too.
  const outer: Match = aimed.delegate ? matchOf(aimed, recipe.match) : {};
  const match: Match = { ...outer, ...matchOf(rule, recipe.match) };
  let drawn = 0;
  const draw: Draw = (values) => values[recipe.draws[drawn++ % recipe.draws.length]! % values.length]!;

  const method = methodFor(match, recipe, draw);
  const headers = headersFor(
    match,
    rule,
    recipe,
    draw,
    [aimed, rule].some(({ mirror, mirrors }) => mirror ?? mirrors),
  );
  const path = pathFor(match, recipe, draw);
  const query = queryFor(match, recipe, draw);
  const host = authorityFor(match, virtualService, recipe, draw);
  return withOddity(recipe.oddity, {
    method,
    path: placed(place, path + query),
    host: placed(place, host),
    headers,
    http: recipe.http,
    ...(method === "POST" && { body: "12345" }),
  });
}

/** More than any limit leaves for what stands around it, and less. */
const LARGE = { largest: 55_000, tooLarge: 62_000 };
const MANY = { mostHeaders: 80, tooManyHeaders: 110 };

function withOddity(oddity: Recipe["oddity"], request: Request): Request {
  const { headers } = request;
  const adding = (more: Request["headers"]): Request => ({ ...request, headers: { ...headers, ...more } });
  switch (oddity) {
    case "none":
      return request;
    case "https":
    case "ftp":
      return { ...request, scheme: oddity };
    case "FOO":
    case "get":
    case "PROPFIND":
      return { ...request, method: oddity };
    case "largest":
    case "tooLarge":
      return adding({ "x-large": "v".repeat(LARGE[oddity]) });
    case "mostHeaders":
    case "tooManyHeaders":
      return adding(Object.fromEntries(Array.from({ length: MANY[oddity] }, (_, i) => [`x-${i}`, "v"])));
    case "te":
      return adding({ te: "gzip, trailers" });
    case "connection":
      return adding({ connection: "x-a, cookie", "x-a": "a" });
    case "hopByHop":
      return adding({ "keep-alive": "5", "proxy-connection": "x" });
    case "noSlash":
      return { ...request, path: request.path.slice(1) };
    case "host":
      return { ...request, host: `a_b,c:x@${request.host}` };
    case "length":
      return adding({ "content-length": "-1" });
  }
}

function matchOf({ match }: Rule, index: number): Match {
  return match?.[index % match.length] ?? {};
}

function textFor(match: StringMatch | undefined, otherwise: readonly string[], draw: Draw): string {
  if (match?.exact !== undefined) {
    return match.exact;
  }
  if (match?.prefix !== undefined) {
    return match.prefix + draw(["", "x", "/y", "1"]);
  }
  if (match?.regex !== undefined) {
    return draw(samplesOf(match.regex));
  }
  return draw(otherwise);
}

function methodFor(match: Match, recipe: Recipe, draw: Draw): string {
  if (recipe.grpc) {
    return "POST";
  }
  if (recipe.preflight) {
    return "OPTIONS";
  }
  const wanted = match.method ?? match.headers?.[":method"];
  if (recipe.method === "other" || wanted === undefined) {
    return draw(["GET", "GET", ...METHODS]);
  }
  if (wanted.exact !== undefined) {
    return isMethod(wanted.exact) ? wanted.exact : "GET";
  }
  return draw(wanted.prefix !== undefined ? ["POST", "PUT", "GET"] : ["GET", "HEAD", "POST"]);
}

const isMethod = (text: string) => (METHODS as readonly string[]).includes(text);

function pathFor(match: Match, { path: change, draws }: Recipe, draw: Draw): string {
  const text = textFor(match.uri, PATHS, draw);
  const path = text.startsWith("/") ? text : `/${text}`;
  switch (change) {
    case "none":
      return path;
    case "upper":
      return draws[0]! % 2 === 0 ? path.toUpperCase() : path.toLowerCase();
    case "slashAfter":
      return `${path}/`;
    case "slashBefore":
      return `/${path}`;
    case "shorter":
      return path.length > 1 ? path.slice(0, -1) : path;
    case "longer":
      return `${path}x`;
    case "dot":
      return `/.${path}`;
    case "dotdot":
      return `/x/..${path}`;
    case "escaped":
      return path.replace("a", "%61").replace("b", "%62");
    case "escapedSlash":
      return path.replace(/(?<=.)\//, "%2F");
    case "backslash":
      return path.replace(/(?<=.)\//, "\\");
    case "other":
      return draw(PATHS);
  }
}

function queryFor(match: Match, { query: change }: Recipe, draw: Draw): string {
  const wanted = Object.entries(match.queryParams ?? {});
  let parts = wanted.map(([name, value]) => `${name}=${encode(textFor(value, VALUES, draw))}`);
  const [name] = wanted[0] ?? [draw(QUERY_NAMES)];
  switch (change) {
    case "none":
      break;
    case "drop":
      parts = parts.slice(1);
      break;
    case "before":
      parts = [`${name}=zzz`, ...parts];
      break;
    case "after":
      parts = [...parts, `${name}=zzz`];
      break;
    case "nameCase":
      parts = parts.map((part) => part.toUpperCase());
      break;
    case "escaped":
      parts = parts.map((part) => part.replace("1", "%31").replace("=a", "=%61"));
      break;
    case "semicolon":
      return parts.length > 0 ? `?x=1;${parts.join(";")}` : "";
    case "extra":
      parts = [...parts, "other=1"];
      break;
    case "bare":
      parts = [...parts, name!];
      break;
  }
  return parts.length > 0 ? `?${parts.join("&")}` : "";
}

const encode = (text: string) => text.replaceAll(" ", "%20");

function headersFor(
  match: Match,
  rule: Rule,
  recipe: Recipe,
  draw: Draw,
  hasMirror: boolean,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(match.headers ?? {})) {
    if (!name.startsWith(":")) {
      headers[name.toLowerCase()] = changed(textFor(value, VALUES, draw), recipe.header);
    }
  }
  for (const name of Object.keys(match.withoutHeaders ?? {})) {
    if (draw([0, 1, 2]) === 0) {
      headers[name.toLowerCase()] = draw(VALUES);
    }
  }
  if (recipe.header === "drop") {
    delete headers[Object.keys(headers)[0] ?? ""];
  }
  if (recipe.header === "case") {
    headers[draw(HEADER_NAMES).toLowerCase()] ??= draw(VALUES);
  }
  // More than one line of these is no valid request, or joined before any rule sees it.
  for (const name of ["cookie", "user-agent"]) {
    const value = headers[name];
    if (Array.isArray(value)) {
      headers[name] = value[0]!;
    }
  }
  if (rule.corsPolicy !== undefined || recipe.origin || recipe.preflight) {
    const allowed = rule.corsPolicy?.allowOrigins?.[0];
    const origin =
      allowed?.exact ?? (allowed?.prefix !== undefined ? `${allowed.prefix}.test` : "http://ab.test");
    headers.origin = recipe.path === "other" ? "http://evil.test" : origin;
    if (recipe.preflight) {
      headers["access-control-request-method"] = "PUT";
    }
  }
  if (recipe.grpc) {
    headers["content-type"] = "application/grpc";
    headers.te = "trailers";
  }
  switch (recipe.upstream) {
    case "fine":
      break;
    case "slow":
      headers["x-echo-delay-ms"] = rule.timeout === "60ms" ? "400" : "5";
      break;
    case "recovers":
      headers["x-echo-status"] = "503";
      // A copy for a mirror would be the failure that was meant for the request.
      if (!hasMirror) {
        headers["x-echo-fail-times"] = "1";
      }
      break;
    default:
      headers["x-echo-status"] = recipe.upstream;
  }
  return headers;
}

function changed(value: string, change: Recipe["header"]): string | string[] {
  switch (change) {
    case "before":
      return ["zzz", value];
    case "after":
      return [value, "zzz"];
    case "joined":
      return `${value},zzz`;
    case "spaces":
      return `  ${value} `;
    default:
      return value;
  }
}

function authorityFor(match: Match, { hosts }: VirtualServiceSpec, recipe: Recipe, draw: Draw): string {
  const wanted = match.authority?.exact;
  const host = wanted ?? draw(hosts).replace(/^\*/, draw(["h", "w", "a.b"]));
  const name = host.replace(/:\d+$/, "");
  switch (recipe.authority) {
    case "none":
      return host;
    case "port80":
      return `${name}:80`;
    case "port8080":
      return `${name}:8080`;
    case "upper":
      return host.toUpperCase().replaceAll("$S", "$S");
    case "dot":
      return `${name}.`;
    case "other":
      return draw(["svc$S", "h.s$S.test", "svc$S.shop", "unknown.s$S.test"]);
  }
}
