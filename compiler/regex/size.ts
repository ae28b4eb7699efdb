/**
 * How large a pattern becomes at least, told from its text alone. Counted repetitions multiply: `(…){1000}` around a
 * long pattern makes a million instructions, which takes a parser half a second to build only to be thrown away.
 */

interface Level {
  /** Code points that the longest way through the alternatives so far reads, and the one being read. */
  longest: number;
  current: number;
  /** What the last element adds, so that a repetition can multiply it. */
  last: number;
  /** How often the most repeated element is repeated, in all and in the last element. */
  repeats: number;
  lastRepeats: number;
}

/** RE2 refuses elements that are repeated more often, nested repetitions multiplied; that it should say itself. */
const MAX_REPEATS = 1000;

const emptyLevel = (): Level => ({ longest: 0, current: 0, last: 0, repeats: 1, lastRepeats: 1 });

/** Never more than the instructions that reading a valid pattern takes; anything for one that is not valid. */
export function leastProgramSize(pattern: string): number {
  let level = emptyLevel();
  const levels: Level[] = [level];
  const add = (size: number, repeats: number) => {
    level.current += size;
    level.last = size;
    level.lastRepeats = repeats;
    level.repeats = Math.max(level.repeats, repeats);
  };
  const element = new RegExp(ELEMENT, "suy");
  for (let match = element.exec(pattern); match; match = element.exec(pattern)) {
    const [text] = match;
    const { quoted, flags, atMost, atLeast } = match.groups!;
    if (quoted !== undefined) {
      for (const _ of quoted) {
        add(1, 1);
      }
    } else if (atLeast !== undefined) {
      const times = Math.max(Number(atLeast), Number(atMost || 0));
      level.current += level.last * (times - 1);
      level.last *= times;
      level.lastRepeats *= times;
      level.repeats = Math.max(level.repeats, level.lastRepeats);
      if (level.repeats > MAX_REPEATS) {
        return 0;
      }
    } else if (flags !== undefined) {
      level.last = 0;
    } else if (text.startsWith("(")) {
      level = emptyLevel();
      levels.push(level);
    } else if (text === ")") {
      const { longest, current, repeats } = level;
      levels.pop();
      if (levels.length === 0) {
        return 0;
      }
      level = levels.at(-1)!;
      add(Math.max(longest, current), repeats);
    } else if (text === "|") {
      level.longest = Math.max(level.longest, level.current);
      level.current = 0;
      level.last = 0;
    } else if (!/^[*+?]$/.test(text)) {
      add(/^(?:\^|\$|\\[bBAz])$/.test(text) ? 0 : 1, 1);
    }
  }
  return levels.length === 1 ? Math.max(level.longest, level.current) : 0;
}

const ELEMENT = [
  String.raw`\\Q(?<quoted>.*?)(?:\\E|$)`,
  String.raw`\\(?:x\{[^}]*\}|x..|[pP]\{[^}]*\}|[pP].|[0-7]{1,3}|.)`,
  String.raw`\[\^?\]?(?:\[:\^?\w+:\]|\\(?:[pP]\{[^}]*\}|x\{[^}]*\}|.)|[^\]\\])*\]`,
  String.raw`\{(?<atLeast>\d+)(?:,(?<atMost>\d*))?\}\??`,
  String.raw`(?<flags>\(\?[a-zA-Z-]+\))`,
  String.raw`\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:))?`,
  ".",
].join("|");
