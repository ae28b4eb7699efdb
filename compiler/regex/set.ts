/**
 * Many patterns → as few tables as stay small. Patterns that only ask whether a text contains a literal are literals,
 * when they are many. Of the rest, one DFA that names all that match is tried first; where it grows out of
 * proportion (expressions such as `.*a.*` multiply), patterns that are wild by themselves are put apart and the rest
 * is taken in parts, as large as they stay tame. Where these are many, each is asked only of texts with a literal that
 * one of its patterns requires. The bounds grow with the patterns, so that all the trying together
 * takes time in proportion to them.
 */

import { type Contained, containedLiteral, requiredLiterals } from "./contains.ts";
import { type Dfa, type DfaBounds, determinise } from "./determinise.ts";
import { encodeLiterals, type LiteralTarget } from "./literals.ts";
import { minimise } from "./minimise.ts";
import { buildNfa, type Nfa } from "./nfa.ts";
import { type Program, parseRegex } from "./parse.ts";
import { shareBeginnings } from "./share.ts";
import { type CompiledRegex, compileNfa, type RegexBounds } from "./single.ts";
import { encodeDfa } from "./table.ts";

/** A table for some of the patterns. */
export interface RegexSetTable extends CompiledRegex {
  /** For each accept set: the indices, ascending, of the patterns that match together. */
  readonly acceptSets: readonly (readonly number[])[];
}

/** A table of literals. */
export interface RegexLiteralsTable {
  readonly kind: "literals";
  readonly table: Uint8Array;
  /** For each target: the patterns that match a text with the literal, or the table that is to be asked then. */
  readonly targets: readonly (readonly number[] | RegexSetTable)[];
}

export interface RegexSetOptions extends RegexBounds {
  /** Texts are compared from behind a prefix that they are known to have, and that is literal in every pattern. */
  readonly prefix?: string;
}

const MAX_STATES = 250_000;
const MAX_TABLE_BYTES = 4 * 1024 * 1024;
const MAX_WORK = 20_000_000;

interface Entry {
  readonly index: number;
  readonly pattern: string;
  readonly program: Program;
}

interface Context {
  readonly bounds: DfaBounds & { readonly maxTableBytes: number };
  readonly options: RegexSetOptions;
  readonly prefix: Uint8Array;
}

/** So many patterns that ask for a literal are literals; fewer cost less in a DFA with others. */
const LITERALS_MIN = 8;
/** So many tables are asked only where a literal says so. */
const GATED_MIN = 8;

/** Compiles patterns together: a text matches pattern i when some table has an accept set or target with i for it. */
export function compileRegexSet(
  patterns: readonly string[],
  options: RegexSetOptions = {},
): readonly (RegexSetTable | RegexLiteralsTable)[] {
  const entries = patterns.map((pattern, index) => ({ index, pattern, program: parseRegex(pattern) }));
  const bounds = {
    maxStates: options.maxStates ?? MAX_STATES,
    maxTableBytes: options.maxTableBytes ?? MAX_TABLE_BYTES,
    maxWork: options.maxWork ?? MAX_WORK,
  };
  const context: Context = { bounds, options, prefix: new TextEncoder().encode(options.prefix ?? "") };
  // Behind a prefix, a literal may have begun in it.
  const contained = options.prefix ? [] : entries.flatMap((entry) => containedIn(entry) ?? []);
  if (contained.length < LITERALS_MIN) {
    return gated(compileDfas(entries, context), entries, [], context);
  }
  const asked = new Set(contained.map(({ entry }) => entry));
  const rest = entries.filter((entry) => !asked.has(entry));
  return gated(compileDfas(rest, context), rest, contained, context);
}

interface ContainedIn extends Contained {
  readonly entry: Entry;
}

function containedIn(entry: Entry): ContainedIn | undefined {
  const contained = containedLiteral(entry.program);
  return contained && { ...contained, entry };
}

/** Puts tables behind literals where there are many of them, and joins them with the literals that are patterns. */
function gated(
  tables: readonly RegexSetTable[],
  entries: readonly Entry[],
  contained: readonly ContainedIn[],
  context: Context,
): (RegexSetTable | RegexLiteralsTable)[] {
  const byKey = new Map<string, { readonly contained: Contained; readonly members: number[] }>();
  for (const { entry, ...literal } of contained) {
    const key = JSON.stringify(literal);
    const known = byKey.get(key);
    if (known) {
      known.members.push(entry.index);
    } else {
      byKey.set(key, { contained: literal, members: [entry.index] });
    }
  }
  const targets: (readonly number[] | RegexSetTable)[] = [];
  const literals: LiteralTarget[] = [];
  for (const { contained: literal, members } of byKey.values()) {
    literals.push({ ...literal, target: targets.push(members) - 1 });
  }
  const always: RegexSetTable[] = [];
  const gates = tables.length < GATED_MIN ? undefined : rarestLiterals(entries);
  for (const table of tables) {
    const needed = [...new Set(table.acceptSets.flat())].map((member) => gates?.get(member));
    if (!needed.every((literal) => literal !== undefined)) {
      always.push(table);
      continue;
    }
    const target = targets.push(table) - 1;
    for (const literal of new Map(needed.map((bytes) => [bytes.join(), bytes])).values()) {
      literals.push({ literal, atEnd: false, noNewline: false, target });
    }
  }
  if (literals.length === 0) {
    return always;
  }
  const table = encodeLiterals(literals, targets.length);
  if (!table) {
    return [...tables, ...contained.map(({ entry }) => alone(entry, context))];
  }
  return [{ kind: "literals", table, targets }, ...always];
}

/** Of each pattern, by index: the literal in everything it matches that fewest other patterns require. */
function rarestLiterals(entries: readonly Entry[]): Map<number, readonly number[]> {
  const required = entries.map(({ program }) => requiredLiterals(program));
  const counts = new Map<string, number>();
  for (const literal of required.flat()) {
    counts.set(literal.join(), (counts.get(literal.join()) ?? 0) + 1);
  }
  const found = new Map<number, readonly number[]>();
  entries.forEach(({ index }, i) => {
    let best: readonly number[] | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const literal of required[i]!) {
      const count = counts.get(literal.join())!;
      if (count < least) {
        best = literal;
        least = count;
      }
    }
    if (best) {
      found.set(index, best);
    }
  });
  return found;
}

function compileDfas(entries: readonly Entry[], context: Context): RegexSetTable[] {
  if (entries.length <= 1) {
    return entries.map((entry) => alone(entry, context));
  }
  const whole = together(entries, context);
  if (whole) {
    return [whole];
  }

  // Similar patterns share states, so they should stay together.
  const tame = entries
    .filter((entry) => isTame(entry, context))
    .sort((a, b) => (a.pattern < b.pattern ? -1 : a.pattern > b.pattern ? 1 : a.index - b.index));
  const apart = new Set(entries);
  for (const entry of tame) {
    apart.delete(entry);
  }
  return [...inParts(tame, context), ...[...apart].map((entry) => alone(entry, context))];
}

/** How many patterns to try together first. */
const FIRST_PART = 64;
/** After so many parts of one size that were fine, twice the size is tried. */
const CONFIDENCE = 3;

function inParts(entries: readonly Entry[], context: Context): RegexSetTable[] {
  const tables: RegexSetTable[] = [];
  let size = FIRST_PART;
  let fine = 0;
  for (let at = 0; at < entries.length; ) {
    const part = entries.slice(at, at + size);
    const table = part.length === 1 ? alone(part[0]!, context) : together(part, context);
    if (table) {
      tables.push(table);
      at += part.length;
      fine++;
      if (fine === CONFIDENCE) {
        size *= 2;
        fine = 0;
      }
    } else {
      size = part.length >> 1;
      fine = 0;
    }
  }
  return tables;
}

function together(entries: readonly Entry[], context: Context): RegexSetTable | undefined {
  const full = tameDfa(shareBeginnings(buildNfa(entries.map(({ program }) => program))), context);
  if (!full) {
    return undefined;
  }
  const dfa = minimise(full);
  const table = encodeDfa(dfa, context.bounds.maxTableBytes);
  if (!table) {
    return undefined;
  }
  const acceptSets = dfa.acceptSets.map((set) =>
    set.map((member) => entries[member]!.index).sort((a, b) => a - b),
  );
  return { kind: "dfa", table, states: dfa.states, acceptSets };
}

/** A DFA in proportion to its automaton. */
function tameDfa(nfa: Nfa, { bounds, prefix }: Context): Dfa | undefined {
  const size = nfa.ops.length;
  const maxStates = Math.min(bounds.maxStates, 256 + size * 4);
  const maxWork = Math.min(bounds.maxWork, 50_000 + size * 100);
  return determinise(nfa, { maxStates, maxWork }, prefix);
}

function isTame({ program }: Entry, context: Context): boolean {
  return tameDfa(buildNfa([program]), context) !== undefined;
}

function alone({ index, program }: Entry, { options, prefix }: Context): RegexSetTable {
  return { ...compileNfa(buildNfa([program]), options, prefix), acceptSets: [[index]] };
}
