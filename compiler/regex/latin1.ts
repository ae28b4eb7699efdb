/**
 * Patterns and texts as RE2's Latin-1 mode reads them: each byte is a character, and only the letters of ASCII have
 * another case. For re2js, which knows no such mode, a byte from 0x80 on becomes a character of Unicode's private use
 * area: those are in the order of the bytes, in no class, and have no case.
 */

const FIRST_HIGH_BYTE = 0x80;
const MAX_BYTE = 0xff;
const PRIVATE_AREA = 0xe000;
/** What a class that has no byte holds: a class must hold something, and no byte becomes this. */
const NO_BYTE = "\\x{10ffff}";

/** Pairs of first and last, sorted. */
type Ranges = ArrayLike<number>;

export interface Latin1Options {
  /** The code points of `\pL` and the like. */
  readonly codePointsOf: (group: string) => Ranges;
  /** What is thrown for an escape that names more than a byte. */
  readonly tooWide: (text: string) => Error;
}

const characterOf = (byte: number) => (byte < FIRST_HIGH_BYTE ? byte : PRIVATE_AREA + byte);

export function latin1Text(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(characterOf(byte))).join("");
}

/** The bytes that a text of such characters stands for. */
export function latin1ToBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & MAX_BYTE);
}

/** The bytes among ranges of such characters. */
export function latin1Bytes(characters: Ranges): Ranges {
  const bytes: number[] = [];
  forEachRange(characters, (low, high) => {
    add(bytes, low, Math.min(high, FIRST_HIGH_BYTE - 1));
    add(bytes, Math.max(low - PRIVATE_AREA, FIRST_HIGH_BYTE), Math.min(high - PRIVATE_AREA, MAX_BYTE));
  });
  return bytes;
}

const TOKEN = [
  String.raw`\\Q.*?(?:\\E|$)`,
  String.raw`\\x\{(?<braced>[0-9a-fA-F]+)\}`,
  String.raw`\\x(?<hex>[0-9a-fA-F]{2})`,
  String.raw`\\(?<octal>[0-7]{3})`,
  String.raw`(?<group>\\[pP](?:\{[^}]*\}|.))`,
  String.raw`\\.`,
  String.raw`\[:\^?\w+:\]`,
  String.raw`(?<open>\[\^?\]?)`,
  ".",
].join("|");

/** A pattern, which must be valid as one of Unicode, as one of such characters. */
export function latin1Pattern(pattern: string, { codePointsOf, tooWide }: Latin1Options): string {
  let result = "";
  let inClass = false;
  for (const { 0: token, groups } of pattern.matchAll(new RegExp(TOKEN, "gsu"))) {
    const { braced, hex, octal, group, open } = groups!;
    const code = octal === undefined ? Number.parseInt(braced ?? hex ?? "0", 16) : Number.parseInt(octal, 8);
    if (code > MAX_BYTE) {
      throw tooWide(token);
    }
    if (code >= FIRST_HIGH_BYTE) {
      result += escaped(characterOf(code));
    } else if (group !== undefined) {
      const members = classOf(codePointsOf(group));
      result += inClass ? members : `[${members}]`;
    } else {
      result += latin1Text(Buffer.from(token));
      // A bracket that closes right after the one that opens is a member, but one that opens in a class is that too.
      if (open !== undefined) {
        inClass = !(inClass && token.endsWith("]"));
      } else if (token === "]") {
        inClass = false;
      }
    }
  }
  return result;
}

function classOf(codePoints: Ranges): string {
  let members = "";
  const write = (low: number, high: number) => {
    if (low <= high) {
      members += `${escaped(characterOf(low))}-${escaped(characterOf(high))}`;
    }
  };
  forEachRange(codePoints, (low, high) => {
    write(low, Math.min(high, FIRST_HIGH_BYTE - 1));
    write(Math.max(low, FIRST_HIGH_BYTE), Math.min(high, MAX_BYTE));
  });
  return members === "" ? NO_BYTE : members;
}

function escaped(character: number): string {
  return `\\x{${character.toString(16)}}`;
}

function forEachRange(ranges: Ranges, visit: (low: number, high: number) => void): void {
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    visit(ranges[i]!, ranges[i + 1]!);
  }
}

/** Adds a range behind the others, joined with the last when nothing is between them. */
function add(ranges: number[], low: number, high: number): void {
  if (low > high) {
    return;
  }
  if (ranges.at(-1) === low - 1) {
    ranges[ranges.length - 1] = high;
  } else {
    ranges.push(low, high);
  }
}
