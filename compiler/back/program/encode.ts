/**
 * The route table of one listener → the routing program that the filter runs. Equal tables give equal bytes.
 */

import * as layout from "../../../filter/layout.ts";
import type { Route, RouteMatch, RouteTable, ValueMatch } from "../../ir/ir.ts";
import { regexLiteral, regexMatchesEmpty } from "../../regex/index.ts";
import { Attributes, type Predicate } from "./attributes.ts";
import type { Candidate, GraphContext } from "./candidate.ts";
import { Domains } from "./domains.ts";
import { writeNode } from "./graph.ts";
import { Outcomes } from "./outcome.ts";
import { packProgram } from "./pack.ts";
import { Regexes } from "./regexes.ts";
import { BlobWriter } from "./writer.ts";

/** The nodes of all virtual hosts of a table, before anybody says which names they have. */
interface Body {
  readonly routesOf: readonly (readonly Route[])[];
  readonly writer: BlobWriter;
  readonly attributes: number;
  readonly routes: readonly number[];
  /** The first node of each virtual host. */
  readonly roots: readonly number[];
}

/** Of one listener: that of the rules before, and that of another kind of proxy. */
const BODIES = 2;

/**
 * What was encoded for listeners, by their names. Proxies of many namespaces have the same routes under other names: for the
 * next of them, the names alone are written.
 */
export class EncodedBodies {
  readonly #byListener = new Map<string, readonly Body[]>();

  /** `make` is asked for what is not known. */
  get(listener: string, { virtualHosts }: RouteTable, make: () => Body): Body {
    const all = this.#byListener.get(listener) ?? [];
    const known = all.find(
      ({ routesOf }) =>
        routesOf.length === virtualHosts.length &&
        virtualHosts.every(({ routes }, i) => routes === routesOf[i]),
    );
    const body = known ?? make();
    this.#byListener.set(listener, [body, ...all.filter((one) => one !== body)].slice(0, BODIES));
    return body;
  }
}

/** Makes the blob of a listener, packed; says when each virtual host is done. */
export function encodeProgram(
  table: RouteTable,
  onHost = () => {},
  known?: { readonly bodies: EncodedBodies; readonly listener: string },
): Uint8Array {
  const body =
    known === undefined
      ? encodeBody(table, onHost)
      : known.bodies.get(known.listener, table, () => encodeBody(table, onHost));
  return packProgram(body.writer.aside((writer) => programOf(table, body, writer)));
}

/** With the names of the virtual hosts. */
function programOf(table: RouteTable, body: Body, writer: BlobWriter): Uint8Array {
  const domains = new Domains(writer);
  for (const [i, host] of table.virtualHosts.entries()) {
    domains.add(host.domains, body.roots[i]!);
  }
  const found = domains.write();
  const header = new Map<number, number>([
    [
      layout.HEADER_FLAGS,
      found.flags |
        (table.ignorePortInHost ? layout.FLAG_IGNORE_PORT : 0) |
        (table.grpcWeb ? layout.FLAG_GRPC_WEB : 0),
    ],
    [layout.HEADER_ATTRIBUTES, body.attributes],
    [layout.HEADER_HOST_COUNT, table.virtualHosts.length],
    ...found.header,
  ]);
  return writer.finish(body.routes, header);
}

function encodeBody(table: RouteTable, onHost: () => void): Body {
  const writer = new BlobWriter();
  const attributes = new Attributes(table);
  const attributesRecord = attributes.write(writer);

  const regexes = new Regexes(writer);
  const context: GraphContext = {
    writer,
    regex: (pattern) => regexes.single(pattern),
    regexSets: (patterns) => regexes.sets(patterns),
    matchesEmpty: regexMatchesEmpty,
    firstQuery: attributes.firstQuery,
  };

  const outcomes = new Outcomes(writer, attributes);
  const routes: number[] = [];
  const roots: number[] = [];
  for (const host of table.virtualHosts) {
    const candidates: Candidate[] = [];
    for (const route of host.routes) {
      candidates.push({ route: routes.length, predicates: predicatesOf(route.match, attributes) });
      routes.push(outcomes.write(route));
    }
    roots.push(writeNode(context, candidates).reference);
    onHost();
  }
  return {
    routesOf: table.virtualHosts.map(({ routes }) => routes),
    writer,
    attributes: attributesRecord,
    routes,
    roots,
  };
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
  for (const { name, match: value, invert, missingAsEmpty } of match.headers) {
    predicates.push({ attribute: attributes.header(name), match: value, invert, missingAsEmpty });
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
