/** Moments, as they are said: how long ago, and at what time of the day. Milliseconds since 1970 are handed in; no clock is asked. */

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** `now`, `9 s`, `2 min`, `3 d 2 h`: the two largest units, of minutes and seconds one. */
export function agoText(ms: number): string {
  const first = UNITS.findIndex(([, unit]) => ms >= unit);
  if (first < 0) {
    return "now";
  }
  const [name, size] = UNITS[first]!;
  const whole = Math.floor(ms / size);
  const [nextName, nextSize] = UNITS[first + 1] ?? ["", Number.POSITIVE_INFINITY];
  const rest = Math.floor((ms - whole * size) / nextSize);
  return `${whole} ${name}${first < 2 && rest > 0 ? ` ${rest} ${nextName}` : ""}`;
}

/** `12:04:31`, of the reader's clock. */
export function clockText(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** `12:04:31.2`, for what comes many times a second. */
export function clockTenthText(at: number): string {
  return `${clockText(at)}.${Math.floor(new Date(at).getMilliseconds() / 100)}`;
}
