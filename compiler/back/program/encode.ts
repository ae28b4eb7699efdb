/**
 * The route table of one listener → the routing program that the filter runs. Equal tables give equal bytes.
 */

import * as layout from "../../../filter/layout.ts";
import type { RouteMatch, RouteTable, ValueMatch } from "../../ir/ir.ts";
import { regexLiteral, regexMatchesEmpty } from "../../regex/index.ts";
import { Attributes, type Predicate } from "./attributes.ts";
import type { Candidate, GraphContext } from "./candidate.ts";
import { Domains } from "./domains.ts";
import { writeNode } from "./graph.ts";
import { Outcomes } from "./outcome.ts";
import { packProgram } from "./pack.ts";
import { Regexes } from "./regexes.ts";
import { BlobWriter } from "./writer.ts";

/** Makes the blob of a listener, packed; says when each virtual host is done. */
export function encodeProgram(table: RouteTable, onHost = () => {}): Uint8Array {
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
  const domains = new Domains(writer);
  for (const host of table.virtualHosts) {
    const candidates: Candidate[] = [];
    for (const route of host.routes) {
      candidates.push({ route: routes.length, predicates: predicatesOf(route.match, attributes) });
      routes.push(outcomes.write(route));
    }
    const root = writeNode(context, candidates).reference;
    domains.add(host.domains, root);
    onHost();
  }
  const found = domains.write();
  const header = new Map<number, number>([
    [
      layout.HEADER_FLAGS,
      found.flags |
        (table.ignorePortInHost ? layout.FLAG_IGNORE_PORT : 0) |
        (table.grpcWeb ? layout.FLAG_GRPC_WEB : 0),
    ],
    [layout.HEADER_ATTRIBUTES, attributesRecord],
    [layout.HEADER_HOST_COUNT, table.virtualHosts.length],
    ...found.header,
  ]);
  return packProgram(writer.finish(routes, header));
}

function predicatesOf(match: RouteMatch, attributes: Attributes): Predicate[] {
  return predicatesAsWritten(match, attributes).map((predicate) =>
    predicate.match.kind === "regex" ? { ...predicate, match: simplest(predicate.match) } : predicate,
  );
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
