/** Small harm to something good: one node of a tree, or some characters of a text. */

import type { Dice } from "./dice.ts";
import { HOSTILE_VALUES, YAML_SNIPPETS } from "./hostile.ts";

/** A copy with one of its nodes, somewhere, taken away, doubled, renamed or replaced by what nobody expects there. */
export function mutatedValue(value: unknown, dice: Dice): unknown {
  if (typeof value !== "object" || value === null || dice.chance(0.15)) {
    return dice.chance(0.5) ? nearMiss(value, dice) : dice.pick(HOSTILE_VALUES);
  }
  if (Array.isArray(value)) {
    const list = [...(value as unknown[])];
    const at = dice.below(list.length + 1);
    const kind = dice.next();
    if (kind < 0.15) {
      list.splice(at, 1);
    } else if (kind < 0.3) {
      list.splice(at, 0, list[dice.below(list.length)] ?? dice.pick(HOSTILE_VALUES));
    } else if (at < list.length) {
      list[at] = mutatedValue(list[at], dice);
    }
    return list;
  }
  const entries = Object.entries(value);
  const at = dice.below(entries.length + 1);
  const entry = entries[at];
  const kind = dice.next();
  if (entry === undefined || kind < 0.05) {
    entries.push([hostileName(dice), dice.pick(HOSTILE_VALUES)]);
  } else if (kind < 0.12) {
    entries.splice(at, 1);
  } else if (kind < 0.15) {
    entry[0] = hostileName(dice);
  } else {
    entry[1] = mutatedValue(entry[1], dice);
  }
  return Object.fromEntries(entries);
}

/** What somebody mistypes, or a bound that is passed by one: most of it still looks right to a first check. */
function nearMiss(value: unknown, dice: Dice): unknown {
  if (typeof value === "number") {
    return dice.pick([value + 1, value - 1, -value, value * 1000, value / 2, String(value)]);
  }
  if (typeof value !== "string" || value === "") {
    return value;
  }
  const at = dice.below(value.length);
  const rest = value.slice(at + 1);
  const kind = dice.next();
  if (kind < 0.5) {
    const numbers = [...value.matchAll(/\d+/g)];
    const number = numbers[dice.below(numbers.length)];
    if (number !== undefined) {
      const behind = value.slice(number.index + number[0].length);
      return value.slice(0, number.index) + dice.pick(NUMBERS) + behind;
    }
  }
  if (kind < 0.65) {
    return value.slice(0, at) + rest;
  }
  return value.slice(0, at) + (kind < 0.8 ? value[at]! : "") + dice.pick(PUNCTUATION) + rest;
}

/** On both sides of the bounds of ports, prefixes, weights, percentages and integers. */
const NUMBERS = [
  "",
  "0",
  "1",
  "00",
  "33",
  "129",
  "256",
  "101",
  "65536",
  "4294967296",
  "9007199254740993",
  "-1",
  "1.5",
];
const PUNCTUATION = [...".,:;/*-_@[]{}()\"'%=| ~é\n"];

function hostileName(dice: Dice): string {
  const name = dice.pick(HOSTILE_VALUES);
  return typeof name === "object" ? "status" : String(name);
}

const LINE_ENDS: readonly string[] = ["\r\n", "\r", "\n\n", "\n\t"];

/** A few changes to the characters of a text. */
export function mutatedText(text: string, dice: Dice, snippets = YAML_SNIPPETS): string {
  let result = text;
  for (let i = dice.below(4); i >= 0; i--) {
    const at = dice.below(result.length + 1);
    const length = dice.below(30);
    const part = result.slice(at, at + length);
    const rest = result.slice(at + length);
    const kind = dice.next();
    if (kind < 0.35) {
      result = result.slice(0, at) + dice.pick(snippets) + result.slice(at);
    } else if (kind < 0.55) {
      result = result.slice(0, at) + rest;
    } else if (kind < 0.65) {
      result = result.slice(0, at) + part.repeat(3) + rest;
    } else if (kind < 0.75) {
      result = movedTo(result.slice(0, at) + rest, part, dice);
    } else if (kind < 0.85) {
      result = result.slice(0, at) + hostileText(dice) + rest;
    } else if (kind < 0.95) {
      result = result.slice(0, at) + String.fromCharCode(dice.below(0x3000)) + result.slice(at + 1);
    } else {
      result = result.replaceAll("\n", dice.pick(LINE_ENDS));
    }
  }
  return result;
}

function movedTo(text: string, part: string, dice: Dice): string {
  const at = dice.below(text.length + 1);
  return text.slice(0, at) + part + text.slice(at);
}

function hostileText(dice: Dice): string {
  const value = dice.pick(HOSTILE_VALUES);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The same for bytes, which need not be text afterwards. */
export function mutatedBytes(bytes: Uint8Array, dice: Dice): Uint8Array {
  const result = Buffer.from(bytes);
  for (let i = dice.below(4); i >= 0 && result.length > 0; i--) {
    const at = dice.below(result.length);
    const kind = dice.next();
    if (kind < 0.4) {
      result[at] = dice.below(256);
    } else if (kind < 0.6) {
      result.copy(result, at, dice.below(result.length), dice.below(result.length));
    } else if (kind < 0.8) {
      result.writeUInt8(dice.pick([0, 1, 0x7f, 0x80, 0xff]), at);
    } else {
      return result.subarray(0, at);
    }
  }
  return result;
}
