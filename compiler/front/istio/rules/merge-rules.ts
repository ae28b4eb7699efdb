/**
 * One rule that delegates and one rule of its delegate, made into one as istiod makes them (`MergeHTTPRoutes`): the
 * matches are combined in pairs, and the root gives only what the delegate's rule leaves open. Knows nothing of where
 * delegates are found; remembers where each part came from, so that a diagnostic can point at it.
 */

import type { HttpMatchRequest, HttpRoute, StringMatch } from "../../resources/model.ts";

/** What a root's rule hands down. Its matches and its name are merged; a route and a redirect it cannot have. */
const INHERITED = [
  "rewrite",
  "directResponse",
  "timeout",
  "retries",
  "fault",
  "mirror",
  "mirrorPercentage",
  "corsPolicy",
  "mirrors",
  "headers",
] as const satisfies readonly (keyof HttpRoute)[];

/** Conditions by name: a match that is merged has those of both. */
export const NAMED_CONDITIONS: ReadonlySet<string> = new Set([
  "headers",
  "withoutHeaders",
  "queryParams",
  "sourceLabels",
] satisfies readonly (keyof HttpMatchRequest)[]);

/** The indices of the two matches that one was made of; absent where that side has none at all. */
export interface MatchSource {
  readonly root?: number;
  readonly leaf?: number;
}

export interface MergedRule {
  readonly rule: HttpRoute;
  /** One for each match of the rule. */
  readonly matches: readonly MatchSource[];
}

/** A match of the delegate that is inside no match of the root: its whole rule is dropped then. */
export interface OutsideMatch {
  readonly leaf: number;
}

export function mergeRules(root: HttpRoute, leaf: HttpRoute): MergedRule | OutsideMatch {
  const merged = mergeMatches(root.match ?? [], leaf.match ?? []);
  if ("leaf" in merged) {
    return merged;
  }
  const name = joined(root.name, leaf.name);
  const { match: _match, delegate: _delegate, ...own } = leaf;
  const inherited = INHERITED.filter((field) => isUnset(leaf[field]) && !isUnset(root[field]));
  const rule: HttpRoute = {
    ...own,
    ...(name !== "" && { name }),
    ...(merged.matches.length > 0 && { match: merged.matches.map(({ match }) => match) }),
    ...Object.fromEntries(inherited.map((field) => [field, root[field]])),
    ...inheritedPercent(root, leaf),
  };
  return { rule, matches: merged.matches.map(({ source }) => source) };
}

/** A field of the old name and of the new one are the same field. */
function inheritedPercent(root: HttpRoute, leaf: HttpRoute): Partial<HttpRoute> {
  const percent = root.mirrorPercent ?? root.mirror_percent;
  const own = leaf.mirrorPercent ?? leaf.mirror_percent;
  return own === undefined && percent !== undefined ? { mirrorPercent: percent } : {};
}

/** An empty list is a list that is not given. */
function isUnset(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

interface MergedMatch {
  readonly match: HttpMatchRequest;
  readonly source: MatchSource;
}

/** Every match of the delegate has to be inside one of the root at least, and is combined with all that it is inside of. */
export function mergeMatches(
  root: readonly HttpMatchRequest[],
  leaf: readonly HttpMatchRequest[],
): { readonly matches: readonly MergedMatch[] } | OutsideMatch {
  if (root.length === 0) {
    return { matches: leaf.map((match, index) => ({ match, source: { leaf: index } })) };
  }
  if (leaf.length === 0) {
    return { matches: root.map((match, index) => ({ match, source: { root: index } })) };
  }
  const matches: MergedMatch[] = [];
  for (const [leafIndex, inner] of leaf.entries()) {
    const before = matches.length;
    for (const [rootIndex, outer] of root.entries()) {
      if (!areInConflict(outer, inner)) {
        matches.push({ match: mergeMatch(outer, inner), source: { root: rootIndex, leaf: leafIndex } });
      }
    }
    if (matches.length === before) {
      return { leaf: leafIndex };
    }
  }
  return { matches };
}

function mergeMatch(root: HttpMatchRequest, leaf: HttpMatchRequest): HttpMatchRequest {
  const name = joined(root.name, leaf.name);
  // What is absent, empty or 0 in the leaf is not given there.
  const given = Object.entries(leaf).filter(
    ([, value]) => !isUnset(value) && value !== "" && value !== 0 && value !== null,
  );
  // The root's counts only together with the leaf's, which is the same where both have a match.
  const { ignoreUriCase: _ignored, ...outer } = root;
  const both = [...NAMED_CONDITIONS].flatMap((field) => {
    const conditions = { ...named(root, field), ...named(leaf, field) };
    return Object.keys(conditions).length === 0 ? [] : [[field, conditions] as const];
  });
  return {
    ...outer,
    ...Object.fromEntries(given),
    ...Object.fromEntries(both),
    ...(name !== "" && { name }),
  };
}

function named(match: HttpMatchRequest, field: string): Readonly<Record<string, unknown>> {
  return (match[field as keyof HttpMatchRequest] ?? {}) as Readonly<Record<string, unknown>>;
}

function joined(root = "", leaf = ""): string {
  return root === "" || leaf === "" ? root + leaf : `${root}-${leaf}`;
}

/** The leaf's match is not inside the root's, by istiod's test, which looks at one field after another. */
export function areInConflict(root: HttpMatchRequest, leaf: HttpMatchRequest): boolean {
  return (
    (["uri", "scheme", "method", "authority"] as const).some((field) =>
      stringsConflict(root[field], leaf[field]),
    ) ||
    (["headers", "withoutHeaders", "queryParams"] as const).some((field) =>
      Object.entries(leaf[field] ?? {}).some(([name, match]) => {
        const outer = root[field] ?? {};
        return stringsConflict(Object.hasOwn(outer, name) ? outer[name] : undefined, match);
      }),
    ) ||
    (root.ignoreUriCase ?? false) !== (leaf.ignoreUriCase ?? false) ||
    (isPort(root.port) && isPort(leaf.port) && root.port !== leaf.port) ||
    (!!root.sourceNamespace && leaf.sourceNamespace !== root.sourceNamespace) ||
    labelsConflict(root.sourceLabels ?? {}, leaf.sourceLabels ?? {}) ||
    gatewaysConflict(root.gateways ?? [], leaf.gateways ?? [])
  );
}

function isPort(port: number | undefined): boolean {
  return port !== undefined && port > 0;
}

/**
 * Regular expressions are not compared: one of them, on either side, goes with nothing on the other. Two matches for
 * presence are in conflict, too, as istiod has it.
 */
function stringsConflict(
  root: StringMatch | null | undefined,
  leaf: StringMatch | null | undefined,
): boolean {
  if (!root || !leaf) {
    return false;
  }
  const says = (match: StringMatch) => !!(match.regex || match.prefix || match.exact);
  if ((root.regex && says(leaf)) || (leaf.regex && says(root))) {
    return true;
  }
  if (root.exact) {
    return !!leaf.prefix || leaf.exact !== root.exact;
  }
  if (root.prefix) {
    const narrower = leaf.prefix || leaf.exact;
    return !narrower?.startsWith(root.prefix);
  }
  return true;
}

function labelsConflict(
  root: Readonly<Record<string, string>>,
  leaf: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(leaf).some(([name, value]) => Object.hasOwn(root, name) && root[name] !== value);
}

function gatewaysConflict(root: readonly string[], leaf: readonly string[]): boolean {
  return (
    root.length > 0 &&
    leaf.length > 0 &&
    (root.length < leaf.length || leaf.some((gateway) => !root.includes(gateway)))
  );
}
