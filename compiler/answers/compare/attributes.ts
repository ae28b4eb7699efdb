/**
 * The attributes of requests that some rules speak of, each divided into the values that the rules tell apart. A rule is
 * then, for each attribute, the list of values it admits.
 */

import type { RouteMatch, ValueMatch } from "../../ir/ir.ts";
import type { PathSteps } from "../../ir/path-steps.ts";
import { compareStrings } from "../../ir/text.ts";
import { neverArrives } from "../evaluate/arrival.ts";
import { HTTP1_METHODS } from "../evaluate/codec.ts";
import { isOneLine } from "../evaluate/one-line.ts";
import { type Partition, partition, textMatches } from "./partition.ts";
import type { TextMatch } from "./text-match.ts";
import type { Arriving, Protocol } from "./universe.ts";
import * as universe from "./universe.ts";

/** What the values are of. */
export type AttributeName =
  | { readonly kind: "path" }
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "query"; readonly name: string }
  /** `name`: its `claimName`. */
  | { readonly kind: "claim"; readonly name: string; readonly path: readonly string[] };

export interface AttributeValue {
  /** One for each line of a header; none: it is not there. */
  readonly lines: readonly string[];
}

export interface Attribute {
  readonly name: AttributeName;
  readonly values: readonly AttributeValue[];
}

/** The values that a rule admits of one attribute, by index, ascending. */
export interface Constraint {
  readonly attribute: number;
  readonly values: readonly number[];
}

export interface Space {
  readonly attributes: readonly Attribute[];
  /** For each match, in their order; attributes that are not named may be anything. */
  readonly constraints: readonly (readonly Constraint[])[];
  /** Where values may have been missed, and why. */
  readonly cuts: readonly string[];
}

export interface SpaceOptions {
  /** At what kind of listener, and over which HTTP. */
  readonly arriving: Arriving;
  readonly paths: PathSteps;
  /** The hosts that the matches are about: an expression, and others that take some of its hosts away. */
  readonly authority: string;
  readonly otherAuthorities?: readonly string[];
  /** The index of a match: only requests that meet it count, and only what they decide between it and another. */
  readonly focus?: number;
}

/** A condition on a value that may be missing. */
interface Condition {
  readonly match: ValueMatch;
  readonly ignoreCase: boolean;
  readonly invert: boolean;
  readonly missingAsEmpty: boolean;
}

interface Conditions {
  readonly name: AttributeName;
  /** Some match has several conditions on it. */
  several: boolean;
  /** Those of the match in focus, by their JSON. */
  readonly focused: Set<string>;
  /** Each once, by its JSON. */
  readonly byKey: Map<string, { readonly condition: Condition; readonly index: number }>;
}

/** Over which HTTP requests for some matches have to be looked at: HTTP/2 has all but a few headers of HTTP/1.1. */
export function protocolsFor(matches: readonly RouteMatch[]): readonly Protocol[] {
  const needsHttp1 = matches.some(({ headers }) => headers.some(({ name }) => universe.ONLY_HTTP1.has(name)));
  return needsHttp1 ? ["HTTP/2", "HTTP/1.1"] : ["HTTP/2"];
}

export function spaceOf(matches: readonly RouteMatch[], options: SpaceOptions): Space {
  const attributes = new Map<string, Conditions>();
  const used = matches.map((match, i) => {
    const keysOfMatch = new Set<string>();
    return conditionsOf(match).map(([name, condition]) => {
      const key = keyOf(name);
      let conditions = attributes.get(key);
      if (conditions === undefined) {
        conditions = { name, several: false, focused: new Set(), byKey: new Map() };
        attributes.set(key, conditions);
      }
      const own = JSON.stringify(condition);
      if (!conditions.byKey.has(own)) {
        conditions.byKey.set(own, { condition, index: conditions.byKey.size });
      }
      conditions.several ||= keysOfMatch.has(key);
      keysOfMatch.add(key);
      if (i === options.focus) {
        conditions.focused.add(own);
      }
      return { key, condition: own };
    });
  });
  const keys = [...attributes.keys()].sort(byImportance(used.flat().map(({ key }) => key)));
  const cuts: string[] = [];
  const divided = new Map(
    keys.map((key, index) => [key, { index, ...divide(attributes.get(key)!, options, cuts) }]),
  );
  return {
    attributes: [...divided.values()].map(({ attribute }) => attribute),
    constraints: used.map((conditions) => {
      const admitted = new Map<number, readonly number[]>();
      for (const { key, condition } of conditions) {
        const { index, admits } = divided.get(key)!;
        const values = admits[attributes.get(key)!.byKey.get(condition)!.index]!;
        const known = admitted.get(index);
        admitted.set(index, known === undefined ? values : intersection(known, values));
      }
      return [...admitted]
        .map(([attribute, values]) => ({ attribute, values }))
        .sort((a, b) => a.attribute - b.attribute);
    }),
    cuts,
  };
}

function conditionsOf({ path, headers, queryParams }: RouteMatch): [AttributeName, Condition][] {
  const plain = { ignoreCase: false, invert: false, missingAsEmpty: false };
  return [
    ...(path === undefined
      ? []
      : [
          [
            { kind: "path" },
            {
              ...plain,
              match: { kind: path.kind, value: path.value },
              ignoreCase: path.ignoreCase && path.kind !== "regex",
            },
          ] as [AttributeName, Condition],
        ]),
    ...headers.map(({ name, claim, match, invert, missingAsEmpty }): [AttributeName, Condition] => [
      claim === undefined ? { kind: "header", name } : { kind: "claim", name, path: claim },
      { match, ignoreCase: false, invert, missingAsEmpty },
    ]),
    ...queryParams.map(({ name, match }): [AttributeName, Condition] => [
      { kind: "query", name },
      { ...plain, match },
    ]),
  ];
}

function keyOf(name: AttributeName): string {
  return name.kind === "path" ? "path" : `${name.kind} ${name.name}`;
}

/** What most rules speak of first: it leaves the fewest of them. */
function byImportance(keys: readonly string[]): (a: string, b: string) => number {
  const counts = new Map<string, number>();
  for (const key of keys) {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return (a, b) => counts.get(b)! - counts.get(a)! || compareStrings(a, b);
}

/** Values of a header in several lines are looked at as long as there are not more of them. */
const MAX_VALUES_OF_LINES = 64;
const MAX_PAIRS = 200_000;

interface Divided {
  readonly attribute: Attribute;
  /** For each condition, the values that it admits. */
  readonly admits: readonly (readonly number[])[];
}

function divide(
  { name, byKey, several, focused }: Conditions,
  options: SpaceOptions,
  cuts: string[],
): Divided {
  const conditions = [...byKey.values()].map(({ condition }) => condition);
  const texts = new Map<string, { readonly match: TextMatch; readonly index: number }>();
  const textOf = conditions.map(({ match, ignoreCase }) => {
    if (match.kind === "present") {
      return undefined;
    }
    const key = JSON.stringify([match, ignoreCase]);
    const known = texts.get(key);
    if (known !== undefined) {
      return known.index;
    }
    texts.set(key, { match: { ...match, ignoreCase }, index: texts.size });
    return texts.size - 1;
  });
  const allowed = universeOf(name, options);
  const divided: Partition =
    allowed === undefined
      ? { classes: [], complete: true }
      : without(
          name.kind === "header" && name.name === ":authority" ? (options.otherAuthorities ?? []) : [],
          [...texts.values()].map(({ match }) => match),
          allowed,
        );
  if (!divided.complete) {
    cuts.push(`too many regular expressions for ${describe(name)} for a complete comparison`);
  }
  if (name.kind === "header" && name.name === ":path") {
    cuts.push("a header condition on :path is compared independently of the path");
  }
  const candidates: { readonly lines: readonly string[]; readonly holds: ReadonlySet<number> }[] =
    divided.classes.map(({ value, holds }) => ({ lines: [value], holds: new Set(holds) }));
  const better = name.kind === "header" ? PREFERRED_VALUES.get(name.name) : undefined;
  if (better !== undefined) {
    preferValues(
      candidates,
      better,
      [...texts.values()].map(({ match }) => match),
    );
  }
  if (mayBeMissing(name)) {
    candidates.unshift({ lines: [], holds: new Set() });
  }
  if (mayHaveLines(name)) {
    // Fewer lines meet fewer conditions: one for each of two rules is enough, if no condition wants something missing.
    const isSimple = options.focus !== undefined && !several && conditions.every(({ invert }) => !invert);
    if (!isSimple) {
      addLines(candidates, texts.size, name, cuts);
    } else if (focused.size > 0) {
      const [own] = focused;
      addPairs(candidates, textOf[byKey.get(own!)!.index], name, cuts);
    }
  }
  const ofEmpty = new Set(
    divided.classes.find(({ value }) => value === "")?.holds ?? emptyHolds([...texts.values()]),
  );
  const there: number[] = [];
  const missing: number[] = [];
  const byText = [...texts].map((): number[] => []);
  for (const [value, { lines, holds }] of candidates.entries()) {
    if (lines.length === 0) {
      missing.push(value);
      continue;
    }
    there.push(value);
    for (const text of holds) {
      byText[text]?.push(value);
    }
  }
  const admits = conditions.map(({ invert, missingAsEmpty }, i) => {
    const text = textOf[i];
    const holding = text === undefined ? there : byText[text]!;
    const takesMissing = missingAsEmpty && (text === undefined || ofEmpty.has(text));
    const positive = takesMissing ? [...missing, ...holding].sort((a, b) => a - b) : holding;
    if (!invert) {
      return positive;
    }
    const excluded = new Set(positive);
    return [...candidates.keys()].filter((value) => !excluded.has(value));
  });
  return { attribute: { name, values: candidates.map(({ lines }) => ({ lines })) }, admits };
}

/** Divided, but for what some of the expressions take. */
function without(others: readonly string[], matches: readonly TextMatch[], allowed: string): Partition {
  const { classes, complete } = partition(
    [...matches, ...others.map((value): TextMatch => ({ kind: "regex", value }))],
    allowed,
  );
  return { classes: classes.filter(({ holds }) => holds.every((index) => index < matches.length)), complete };
}

/** Of a header that may not be empty itself. */
function emptyHolds(texts: readonly { readonly match: TextMatch; readonly index: number }[]): number[] {
  return texts.flatMap(({ match, index }) => (textMatches(match, "") ? [index] : []));
}

const PREFERRED_VALUES: ReadonlyMap<string, readonly string[]> = new Map([
  [":method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", ...HTTP1_METHODS]],
  [":scheme", ["http", "https"]],
]);

/** A known value in place of one that was only found. */
function preferValues(
  candidates: { lines: readonly string[]; readonly holds: ReadonlySet<number> }[],
  values: readonly string[],
  matches: readonly TextMatch[],
): void {
  const done = new Set<string>();
  for (const value of values) {
    const key = matches.flatMap((match, i) => (textMatches(match, value) ? [i] : [])).join();
    if (done.has(key)) {
      continue;
    }
    done.add(key);
    const candidate = candidates.find(({ holds }) => [...holds].join() === key);
    if (candidate !== undefined) {
      candidate.lines = [value];
    }
  }
  // Tunnels are not for rules to decide.
  const tunnel = candidates.findIndex(({ lines }) => lines[0] === "CONNECT");
  if (tunnel >= 0) {
    candidates.splice(tunnel, 1);
  }
}

function universeOf(name: AttributeName, options: SpaceOptions): string | undefined {
  const { arriving, paths, authority } = options;
  const { protocol } = arriving;
  if (name.kind === "path") {
    return universe.pathUniverse(paths, protocol);
  }
  if (name.kind === "query") {
    return /[&=#]/.test(name.name) ? undefined : universe.queryUniverse(protocol);
  }
  if (name.kind === "claim") {
    return arriving.isAuthenticated ? universe.CLAIM : undefined;
  }
  switch (name.name) {
    case ":method":
      return universe.methodUniverse(protocol);
    case ":scheme":
      return universe.schemeUniverse(arriving);
    case ":authority":
      return authority;
    case "upgrade":
    case "connection":
      return protocol === "HTTP/2" ? undefined : universe.headerUniverse(name.name, arriving);
    default:
      return neverArrives(name.name, arriving) ? undefined : universe.headerUniverse(name.name, arriving);
  }
}

function mayBeMissing(name: AttributeName): boolean {
  return (
    name.kind === "query" ||
    name.kind === "claim" ||
    (name.kind === "header" && !name.name.startsWith(":") && name.name !== "x-forwarded-proto")
  );
}

/** Of some headers Envoy makes one line of several, which is a value like others. */
function mayHaveLines(name: AttributeName): boolean {
  return (
    name.kind === "claim" ||
    (mayBeMissing(name) && name.kind === "header" && name.name !== "cookie" && !isOneLine(name.name))
  );
}

/** A line for the rule in focus, and one for another. `text`: its condition; none is met by any line. */
function addPairs(
  candidates: { readonly lines: readonly string[]; readonly holds: ReadonlySet<number> }[],
  text: number | undefined,
  name: AttributeName,
  cuts: string[],
): void {
  const single = candidates.filter(({ lines }) => lines.length === 1);
  const own = single.filter(({ holds }) => text === undefined || holds.has(text));
  if (own.length * single.length > MAX_PAIRS) {
    cuts.push(`not all combinations of several ${describe(name)} lines are compared`);
    return;
  }
  for (const first of own) {
    for (const second of single) {
      if (second === first) {
        continue;
      }
      candidates.push({
        lines: [...first.lines, ...second.lines],
        holds: new Set([...first.holds, ...second.holds]),
      });
    }
  }
}

/** A header in several lines meets a condition when one of them does. */
function addLines(
  candidates: { readonly lines: readonly string[]; readonly holds: ReadonlySet<number> }[],
  conditions: number,
  name: AttributeName,
  cuts: string[],
): void {
  if (conditions < 2) {
    return;
  }
  const single = candidates.filter(({ lines }) => lines.length === 1);
  const known = new Set(candidates.map(({ holds }) => [...holds].sort((a, b) => a - b).join()));
  for (let i = 0; i < candidates.length; i++) {
    const base = candidates[i]!;
    if (base.lines.length === 0) {
      continue;
    }
    for (const more of single) {
      const holds = new Set([...base.holds, ...more.holds]);
      const key = [...holds].sort((a, b) => a - b).join();
      if (known.has(key)) {
        continue;
      }
      if (candidates.length >= Math.max(MAX_VALUES_OF_LINES, single.length + 1)) {
        cuts.push(`not all combinations of several ${describe(name)} lines are compared`);
        return;
      }
      known.add(key);
      candidates.push({ lines: [...base.lines, ...more.lines], holds });
    }
  }
}

function describe(name: AttributeName): string {
  switch (name.kind) {
    case "path":
      return "the path";
    case "query":
      return `query parameter ${name.name}`;
    case "claim":
      return `claim ${name.path.join(".")}`;
    case "header":
      return `header ${name.name}`;
  }
}

function intersection(a: readonly number[], b: readonly number[]): number[] {
  const both = new Set(b);
  return a.filter((value) => both.has(value));
}
