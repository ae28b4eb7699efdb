/**
 * Many patterns → as few DFAs as stay small. One DFA that names all that match is tried first; where it grows out of
 * proportion (expressions such as `.*a.*` multiply), patterns that are wild by themselves are put apart and the rest
 * is taken in parts, as large as they stay tame. The bounds grow with the patterns, so that all the trying together
 * takes time in proportion to them.
 */

import { type Dfa, type DfaBounds, determinise } from "./determinise.ts";
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

/** Compiles patterns together: a text matches pattern i when some table has an accept set with i for it. */
export function compileRegexSet(
  patterns: readonly string[],
  options: RegexSetOptions = {},
): readonly RegexSetTable[] {
  const entries = patterns.map((pattern, index) => ({ index, pattern, program: parseRegex(pattern) }));
  const bounds = {
    maxStates: options.maxStates ?? MAX_STATES,
    maxTableBytes: options.maxTableBytes ?? MAX_TABLE_BYTES,
    maxWork: options.maxWork ?? MAX_WORK,
  };
  const context: Context = { bounds, options, prefix: new TextEncoder().encode(options.prefix ?? "") };
  if (entries.length <= 1) return entries.map((entry) => alone(entry, context));
  const whole = together(entries, context);
  if (whole) return [whole];

  // Similar patterns share states, so they should stay together.
  const tame = entries
    .filter((entry) => isTame(entry, context))
    .sort((a, b) => (a.pattern < b.pattern ? -1 : a.pattern > b.pattern ? 1 : a.index - b.index));
  const apart = new Set(entries);
  for (const entry of tame) apart.delete(entry);
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
  if (!full) return undefined;
  const dfa = minimise(full);
  const table = encodeDfa(dfa, context.bounds.maxTableBytes);
  if (!table) return undefined;
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
