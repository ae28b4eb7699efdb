/** Durations as Istio reads them: Go's syntax, `1h30m`, `500ms`, `1.5h`, a sign allowed, a unit required. */

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Go counts nanoseconds in 63 bits: some 292 years. */
const LONGEST_MS = 2 ** 63 / 1e6;

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** Milliseconds, fractions kept; `undefined` when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const negative = text.startsWith("-");
  let position = /^[+-]/.test(text) ? 1 : 0;
  if (text.slice(position) === "0") {
    return 0;
  }
  if (position === text.length) {
    return undefined;
  }
  let total = 0;
  while (position < text.length) {
    PART.lastIndex = position;
    const part = PART.exec(text);
    if (part === null) {
      return undefined;
    }
    total += Number(part[1]) * UNITS[part[2]!]!;
    position = PART.lastIndex;
  }
  return total > LONGEST_MS ? undefined : negative ? -total : total;
}

/** Whole milliseconds for Envoy; `undefined` for a duration that is missing or is none. */
export function durationMs(text: string | undefined): number | undefined {
  const parsed = text === undefined ? undefined : parseDuration(text);
  return parsed === undefined ? undefined : Math.round(Math.max(0, parsed));
}
