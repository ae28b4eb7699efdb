/**
 * What a text must contain for a pattern to match it. Thousands of patterns such as `.*a.*` multiply in a DFA, as any
 * of them can have matched already; as literals they are found together in one walk.
 */

import * as layout from "../../filter/regex/layout.ts";
import { ALT, ASSERT, BYTES, CAPTURE, FAIL, type Instruction, MATCH, NOP, type Program } from "./parse.ts";

/** A pattern that says no more than that a text contains a literal, or ends with it. */
export interface Contained {
  readonly literal: readonly number[];
  readonly atEnd: boolean;
  /** Its `.` does not stand for a newline. */
  readonly noNewline: boolean;
}

/** The literal of `.*literal.*` and `.*literal`; undefined for every other pattern. */
export function containedLiteral({ instructions, start }: Program): Contained | undefined {
  const at = (pc: number) => instructions[pc]!;
  let pc = passing(instructions, start);
  if (at(pc).op === ASSERT && (at(pc).arg & ~(layout.ASSERT_BEGIN_TEXT | layout.ASSERT_BEGIN_LINE)) === 0) {
    pc = passing(instructions, at(pc).out);
  }
  const before = anything(instructions, pc);
  if (!before) {
    return undefined;
  }
  const literal: number[] = [];
  for (pc = before.out; isByte(at(pc)); pc = passing(instructions, at(pc).out)) {
    literal.push(at(pc).bytes[0]!);
  }
  if (literal.length === 0 || (before.noNewline && literal.includes(NEWLINE))) {
    return undefined;
  }
  const after = anything(instructions, pc);
  if (after) {
    // A newline that only one of them takes is nothing that a literal could say.
    if (after.noNewline !== before.noNewline) {
      return undefined;
    }
    pc = after.out;
  }
  if (at(pc).op === ASSERT && (at(pc).arg & ~(layout.ASSERT_END_TEXT | layout.ASSERT_END_LINE)) === 0) {
    pc = passing(instructions, at(pc).out);
  }
  if (at(pc).op !== MATCH) {
    return undefined;
  }
  return { literal, atEnd: after === undefined, noNewline: before.noNewline };
}

/** Literals that are in every text that a pattern matches: of overlapping ones the longest. */
export function requiredLiterals({ instructions, start }: Program): readonly (readonly number[])[] {
  if (instructions.length > LARGEST) {
    return [];
  }
  const inside = new Set<number>();
  const runs: { readonly pc: number; readonly literal: number[]; readonly places: readonly number[] }[] = [];
  instructions.forEach((instruction, pc) => {
    if (!isByte(instruction)) {
      return;
    }
    const literal: number[] = [];
    const places: number[] = [];
    let next = pc;
    while (isByte(instructions[next]!) && literal.length < LONGEST && !places.includes(next)) {
      literal.push(instructions[next]!.bytes[0]!);
      places.push(next);
      next = passing(instructions, instructions[next]!.out);
    }
    runs.push({ pc, literal, places });
  });
  const required: number[][] = [];
  for (const { pc, literal, places } of runs.sort((a, b) => b.literal.length - a.literal.length)) {
    if (literal.length < SHORTEST || inside.has(pc)) {
      continue;
    }
    for (const place of places) {
      inside.add(place);
    }
    if (!isMatchReachable(instructions, start, pc)) {
      required.push(literal);
    }
  }
  return required;
}

const NEWLINE = 0x0a;
/** Larger programs are not looked through. */
const LARGEST = 1000;
const LONGEST = 64;
/** Shorter literals are in most texts. */
const SHORTEST = 2;

/** Past what reads nothing and asks nothing. */
function passing(instructions: readonly Instruction[], pc: number): number {
  let at = instructions[pc]!;
  while (at.op === NOP || at.op === CAPTURE) {
    pc = at.out;
    at = instructions[pc]!;
  }
  return pc;
}

function isByte({ op, bytes }: Instruction): boolean {
  return op === BYTES && bytes.length === 2 && bytes[0] === bytes[1];
}

/** What follows `.*` at a place; undefined when something else is there. */
function anything(
  instructions: readonly Instruction[],
  pc: number,
): { readonly out: number; readonly noNewline: boolean } | undefined {
  const { op, out, arg } = instructions[pc]!;
  if (op !== ALT) {
    return undefined;
  }
  for (const [way, other] of [
    [out, arg],
    [arg, out],
  ] as const) {
    const any = instructions[passing(instructions, way)]!;
    if (any.op !== BYTES || passing(instructions, any.out) !== pc) {
      continue;
    }
    const bytes = Array.from(any.bytes).join();
    if (bytes === "0,255" || bytes === "0,9,11,255") {
      return { out: passing(instructions, other), noNewline: bytes !== "0,255" };
    }
  }
  return undefined;
}

/** Whether some way to a match does not pass a place. */
function isMatchReachable(instructions: readonly Instruction[], start: number, without: number): boolean {
  const seen = new Set([without]);
  const pending = [start];
  for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
    if (seen.has(pc)) {
      continue;
    }
    seen.add(pc);
    const { op, out, arg } = instructions[pc]!;
    if (op === MATCH) {
      return true;
    }
    if (op === FAIL) {
      continue;
    }
    pending.push(out);
    if (op === ALT) {
      pending.push(arg);
    }
  }
  return false;
}
