/**
 * The route table of one listener → the routing program that the filter runs. Equal tables give equal bytes.
 */

import * as layout from "../../../filter/layout.ts";
import type { Route, RouteMatch, RouteTable, ValueMatch } from "../../ir/ir.ts";
import { areSame, type ListChange, listChange } from "../../lists/list-change.ts";
import { regexLiteral, regexMatchesEmpty } from "../../regex/index.ts";
import { labelValue } from "../stat-names.ts";
import { Attributes, type Predicate } from "./attributes.ts";
import type { Candidate, GraphContext } from "./candidate.ts";
import { Domains } from "./domains.ts";
import { writeNode } from "./graph.ts";
import { Outcomes } from "./outcome.ts";
import { packProgram } from "./pack.ts";
import { Regexes } from "./regexes.ts";
import { Mover, NotMovable, type Place } from "./relocate.ts";
import { type RuleNaming, writeRule } from "./rule-names.ts";
import { stringGroup } from "./string-group.ts";
import { BlobWriter } from "./writer.ts";

/** The nodes of all virtual hosts of a table, before anybody says which names they have. */
interface Body {
  readonly routesOf: readonly (readonly Route[])[];
  /** Where limits are one. */
  readonly listener: string;
  readonly writer: BlobWriter;
  readonly attributes: Attributes;
  readonly attributesRecord: number;
  readonly routes: readonly number[];
  /** The names of the routes, if they are wanted. */
  readonly names?: readonly number[];
  /** The first node of each virtual host. */
  readonly roots: readonly number[];
  /** Where each virtual host begins, and where the last one ends. */
  readonly places: readonly Place[];
}

/** Of one listener: that of the rules before, and that of another kind of proxy. */
const BODIES = 2;

/**
 * What was encoded for listeners, by their names. Proxies of many namespaces have the same routes under other names: for the
 * next of them, the names alone are written. Where some of the routes are others than before, those are.
 */
export class EncodedBodies {
  readonly #byListener = new Map<string, readonly Body[]>();

  /** `make` is asked for what is not known. */
  get(listener: string, table: RouteTable, isNamed: boolean, make: () => Body): Body {
    const all = this.#byListener.get(listener) ?? [];
    const routesOf = table.virtualHosts.map(({ routes }) => routes);
    const alike = all.filter(({ names }) => (names !== undefined) === isNamed);
    const known = alike.find((one) => areSame(one.routesOf, routesOf));
    const changed = known === undefined ? changedBody(alike, table, routesOf) : undefined;
    const body = known ?? changed?.body ?? make();
    const others = all.filter((one) => one !== body && one !== changed?.before);
    this.#byListener.set(listener, [body, ...others].slice(0, BODIES));
    return body;
  }
}

/** So many routes in place of others; more are as quickly encoded with all the rest. */
const MOST_CHANGED = 256;

/** One of the bodies with other routes in the place of some; that body is of no use any more. */
function changedBody(
  all: readonly Body[],
  table: RouteTable,
  routesOf: Body["routesOf"],
): { readonly before: Body; readonly body: Body } | undefined {
  for (const before of all) {
    const { from, beforeTo, to } = listChange(before.routesOf, routesOf);
    const routes = routesOf.slice(from, to).reduce((sum, { length }) => sum + length, 0);
    const attributes = routes <= MOST_CHANGED ? new Attributes(table) : undefined;
    if (attributes?.isLike(before.attributes)) {
      try {
        return { before, body: withHosts(before, routesOf, { from, beforeTo, to }, attributes) };
      } catch (error) {
        if (!(error instanceof NotMovable)) {
          throw error;
        }
      }
    }
  }
  return undefined;
}

function withHosts(
  { listener, writer, attributesRecord, routes, names, roots, places }: Body,
  routesOf: Body["routesOf"],
  { from, beforeTo, to }: ListChange,
  attributes: Attributes,
): Body {
  const [begin, before] = [places[from]!, places[beforeTo]!];
  const middle = new BlobWriter({ writer, from: begin, before });
  const made = encodeHosts(middle, attributes, routesOf.slice(from, to), {
    firstRoute: begin.route,
    isNamed: names !== undefined,
    listener,
    regexes: UNKNOWN_EXPRESSIONS,
  });
  const now = made.places.at(-1)!;
  const gap = { from: begin, before, now };
  const mover = new Mover(gap);
  const recordsBehind = (all: readonly number[]) =>
    all.slice(before.route).map((record) => mover.record(record));
  const behind = {
    routes: recordsBehind(routes),
    ...(names && { names: recordsBehind(names) }),
    roots: roots.slice(beforeTo).map((root) => mover.node(root)),
    places: places.slice(beforeTo + 1).map((place) => mover.place(place)),
  };
  writer.fill(gap, middle);
  return {
    routesOf,
    listener,
    writer,
    attributes,
    attributesRecord,
    routes: [...routes.slice(0, begin.route), ...made.routes, ...behind.routes],
    ...(names && { names: [...names.slice(0, begin.route), ...made.names!, ...behind.names!] }),
    roots: [...roots.slice(0, from), ...made.roots, ...behind.roots],
    places: [...places.slice(0, from), ...made.places, ...behind.places],
  };
}

/** Which expressions were written before is not kept. */
const UNKNOWN_EXPRESSIONS: Pick<Regexes, "single" | "sets"> = {
  single() {
    throw new NotMovable();
  },
  sets() {
    throw new NotMovable();
  },
};

/** Makes the blob of a listener, packed; says when each virtual host is done. `rules`: absent, they are neither counted nor named. */
export function encodeProgram(
  table: RouteTable,
  onHost = () => {},
  known?: { readonly bodies: EncodedBodies; readonly listener: string },
  rules?: RuleNaming,
): Uint8Array {
  const isNamed = rules !== undefined && (rules.counters || rules.names);
  const listener = rules?.listener ?? "";
  const make = () => encodeBody(table, isNamed, listener, onHost);
  const body = known === undefined ? make() : known.bodies.get(known.listener, table, isNamed, make);
  return packProgram(body.writer.aside((writer) => programOf(table, body, writer, rules)));
}

/** With the names of the virtual hosts, and of the listener. */
function programOf(
  table: RouteTable,
  body: Body,
  writer: BlobWriter,
  rules: RuleNaming | undefined,
): Uint8Array {
  const domains = new Domains(writer);
  for (const [i, host] of table.virtualHosts.entries()) {
    domains.add(host.domains, body.roots[i]!);
  }
  const found = domains.write();
  const label = labelValue(body.names === undefined ? "" : rules!.listener);
  const listener = writer.group(stringGroup([label]));
  const header = new Map<number, number>([
    [
      layout.HEADER_FLAGS,
      found.flags |
        (table.ignorePortInHost ? layout.FLAG_IGNORE_PORT : 0) |
        (table.grpcWeb ? layout.FLAG_GRPC_WEB : 0) |
        (table.suppressesEnvoyHeaders ? layout.FLAG_HIDES_REPLACED : 0) |
        (rules?.counters ? layout.FLAG_COUNTERS : 0) |
        (rules?.names ? layout.FLAG_NAMES : 0),
    ],
    [layout.HEADER_LISTENER, listener],
    [layout.HEADER_LISTENER_LENGTH, label.length],
    [layout.HEADER_ATTRIBUTES, body.attributesRecord],
    [layout.HEADER_HOST_COUNT, table.virtualHosts.length],
    ...found.header,
  ]);
  return writer.finish(body.routes, body.names, header);
}

function encodeBody(table: RouteTable, isNamed: boolean, listener: string, onHost: () => void): Body {
  const writer = new BlobWriter();
  const attributes = new Attributes(table);
  const attributesRecord = attributes.write(writer);
  const routesOf = table.virtualHosts.map(({ routes }) => routes);
  const regexes = new Regexes(writer);
  const hosts = encodeHosts(
    writer,
    attributes,
    routesOf,
    { firstRoute: 0, isNamed, listener, regexes },
    onHost,
  );
  return { routesOf, listener, writer, attributes, attributesRecord, ...hosts };
}

function encodeHosts(
  writer: BlobWriter,
  attributes: Attributes,
  routesOf: Body["routesOf"],
  {
    firstRoute,
    isNamed,
    listener,
    regexes,
  }: {
    readonly firstRoute: number;
    readonly isNamed: boolean;
    readonly listener: string;
    readonly regexes: Pick<Regexes, "single" | "sets">;
  },
  onHost = () => {},
): Pick<Body, "routes" | "names" | "roots" | "places"> {
  const context: GraphContext = {
    writer,
    regex: (pattern) => regexes.single(pattern),
    regexSets: (patterns) => regexes.sets(patterns),
    matchesEmpty: regexMatchesEmpty,
    firstQuery: attributes.firstQuery,
    firstClaim: attributes.firstClaim,
  };
  const outcomes = new Outcomes(writer, attributes, isNamed, listener);
  const routes: number[] = [];
  const names: number[] = [];
  const roots: number[] = [];
  const places: Place[] = [];
  for (const ofHost of routesOf) {
    places.push(writer.place(firstRoute + routes.length));
    const candidates: Candidate[] = [];
    for (const route of ofHost) {
      candidates.push({
        route: firstRoute + routes.length,
        predicates: predicatesOf(route.match, attributes),
      });
      routes.push(outcomes.write(route));
      if (isNamed) {
        names.push(writeRule(writer, route));
      }
    }
    roots.push(writeNode(context, candidates).reference);
    onHost();
  }
  places.push(writer.place(firstRoute + routes.length));
  return { routes, ...(isNamed && { names }), roots, places };
}

function predicatesOf(match: RouteMatch, attributes: Attributes): Predicate[] {
  const predicates = predicatesAsWritten(match, attributes);
  return predicates.some((predicate) => predicate.match.kind === "regex")
    ? predicates.map((predicate) => ({ ...predicate, match: simplest(predicate.match) }))
    : predicates;
}

/** An expression without operators is looked up like any other exact value. */
function simplest(match: ValueMatch): ValueMatch {
  if (match.kind !== "regex") {
    return match;
  }
  const { prefix, isWhole } = regexLiteral(match.value);
  return isWhole ? { kind: "exact", value: prefix } : match;
}

function predicatesAsWritten(match: RouteMatch, attributes: Attributes): Predicate[] {
  const predicates: Predicate[] = [];
  // An empty prefix takes every path.
  if (match.path && !(match.path.kind === "prefix" && match.path.value === "")) {
    predicates.push(attributes.path(match.path));
  }
  for (const { name, claim, match: value, invert, missingAsEmpty } of match.headers) {
    const attribute = claim ? attributes.claim(claim) : attributes.header(name);
    predicates.push({ attribute, match: value, invert, missingAsEmpty });
  }
  for (const { name, match: value } of match.queryParams) {
    predicates.push({
      attribute: attributes.query(name),
      match: value,
      invert: false,
      missingAsEmpty: false,
    });
  }
  return predicates;
}
