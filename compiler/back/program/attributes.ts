/**
 * Numbers what requests are compared by: the path, the headers, query parameters and claims that some rule names.
 */

import * as layout from "../../../filter/layout.ts";
import type { Forward, PathMatch, Route, RouteTable, ValueMatch, VirtualHost } from "../../ir/ir.ts";
import { lowerAscii } from "../../ir/text.ts";
import { areSame } from "../../lists/list-change.ts";
import { perStretch } from "../../lists/stretches.ts";
import { writeTable } from "./table.ts";
import type { BlobWriter } from "./writer.ts";

/** One predicate of a route, reduced to an attribute and a value. */
export interface Predicate {
  readonly attribute: number;
  readonly match: ValueMatch;
  readonly invert: boolean;
  readonly missingAsEmpty: boolean;
}

/** The numbers of all attributes of a table. */
export class Attributes {
  readonly #headers = new Map<string, number>();
  readonly #query = new Map<string, number>();
  /** By the key of their path. */
  readonly #claims = new Map<string, number>();

  constructor(table: RouteTable) {
    const named = namesInStretches(table.virtualHosts);
    const headers = new Set(named.flatMap((names) => names.headers));
    const query = new Set(named.flatMap((names) => names.query));
    const claims = new Set(named.flatMap((names) => names.claims));
    let next = layout.ATTRIBUTE_FIRST_NAMED;
    for (const name of [...headers].sort()) {
      this.#headers.set(name, next++);
    }
    for (const name of [...query].sort()) {
      this.#query.set(name, next++);
    }
    for (const key of [...claims].sort()) {
      this.#claims.set(key, next++);
    }
  }

  /** Whether it gives the same numbers to the same names. */
  isLike(other: Attributes): boolean {
    return (
      areSame([...this.#headers.keys()], [...other.#headers.keys()]) &&
      areSame([...this.#query.keys()], [...other.#query.keys()]) &&
      areSame([...this.#claims.keys()], [...other.#claims.keys()])
    );
  }

  /** The first number of a query parameter. */
  get firstQuery(): number {
    return layout.ATTRIBUTE_FIRST_NAMED + this.#headers.size;
  }

  /** The first number of a claim. */
  get firstClaim(): number {
    return this.firstQuery + this.#query.size;
  }

  header(name: string): number {
    return this.#headers.get(name)!;
  }

  /** `path`: from the outside in. */
  claim(path: readonly string[]): number {
    return this.#claims.get(claimKey(path))!;
  }

  query(name: string): number {
    return this.#query.get(name)!;
  }

  /** A path that is compared without case is another attribute: the path in lower case. */
  path(match: PathMatch): Predicate {
    const lower = match.ignoreCase && match.kind !== "regex";
    return {
      attribute: lower ? layout.ATTRIBUTE_PATH_LOWER : layout.ATTRIBUTE_PATH,
      match: { kind: match.kind, value: lower ? lowerAscii(match.value) : match.value },
      invert: false,
      missingAsEmpty: false,
    };
  }

  /** Writes the tables of names; returns the ATTRIBUTES record. */
  write(writer: BlobWriter): number {
    let low = 0;
    let high = 0;
    for (const name of this.#headers.keys()) {
      const length = Math.min(writer.string(name).length, 63);
      if (length < 32) {
        low |= 1 << length;
      } else {
        high |= 1 << (length - 32);
      }
    }
    const headers = writeTable(writer, layout.KIND_ATTRIBUTE_TABLE, this.#headers);
    const query = writeTable(writer, layout.KIND_ATTRIBUTE_TABLE, this.#query);
    const claims = writeTable(writer, layout.KIND_ATTRIBUTE_TABLE, this.#claims);
    const { firstQuery, firstClaim } = this;
    const count = firstClaim + this.#claims.size;
    const lengths = [low >>> 0, high >>> 0];
    return writer.record(layout.KIND_ATTRIBUTES, [
      headers,
      query,
      count,
      firstQuery,
      ...lengths,
      claims,
      firstClaim,
    ]);
  }
}

interface Names {
  readonly headers: readonly string[];
  readonly query: readonly string[];
  /** Keys of paths, those of the outer claims included. */
  readonly claims: readonly string[];
}

const namesInStretches = perStretch((hosts: readonly VirtualHost[]): Names => {
  const named = hosts.map(({ routes }) => namesIn(routes));
  return {
    headers: [...new Set(named.flatMap(({ headers }) => headers))],
    query: [...new Set(named.flatMap(({ query }) => query))],
    claims: [...new Set(named.flatMap(({ claims }) => claims))],
  };
});

/** Of routes, which are the same list for as long as their rules are the same. */
const namesByRoutes = new WeakMap<readonly Route[], Names>();
const NONE: Names = { headers: [], query: [], claims: [] };

function namesIn(routes: readonly Route[]): Names {
  let names = namesByRoutes.get(routes);
  if (names === undefined) {
    const sticky = ({ action }: Route) => (action.kind === "forward" ? (stickyHeader(action) ?? []) : []);
    const headers = routes.flatMap((route) =>
      [
        ...route.match.headers.flatMap(({ name, claim }) => (claim ? [] : [name])),
        sticky(route),
        limitHeader(route),
      ].flat(),
    );
    const query = routes.flatMap(({ match }) => match.queryParams.map(({ name }) => name));
    const claims = routes.flatMap(({ match, rateLimit }) =>
      [
        ...match.headers.map(({ claim }) => claim ?? []),
        rateLimit?.by?.kind === "claim" ? rateLimit.by.path : [],
      ].flatMap(claimKeys),
    );
    names = headers.length + query.length + claims.length === 0 ? NONE : { headers, query, claims };
    namesByRoutes.set(routes, names);
  }
  return names;
}

function limitHeader({ rateLimit }: Route): readonly string[] {
  return rateLimit?.by?.kind === "header" ? [rateLimit.by.name] : [];
}

/** What the filter knows a claim by. */
function claimKey(path: readonly string[]): string {
  return path.join("\0");
}

/** Of a claim, and of all that it is in. */
function claimKeys(path: readonly string[]): string[] {
  return path.map((_, i) => claimKey(path.slice(0, i + 1)));
}

/** The header that a split is a function of, if it is one. */
export function stickyHeader({ sticky }: Forward): string | undefined {
  if (sticky?.kind === "header") {
    return sticky.name;
  }
  return sticky?.kind === "cookie" ? "cookie" : undefined;
}
