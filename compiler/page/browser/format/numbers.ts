/** Numbers as people read them at a glance: few digits, a unit, and never a false zero. */

import type { Share } from "../../../observe/live-report.ts";

const COUNT = new Intl.NumberFormat("en");

/** Events per second: `0`, `0.04`, `4.1`, `812`, `3,214`, `1.2 M`. */
export function rateText(perSecond: number): string {
  if (perSecond <= 0) {
    return "0";
  }
  if (perSecond < 0.01) {
    return "< 0.01";
  }
  if (perSecond < 1) {
    return perSecond.toFixed(2);
  }
  if (perSecond < 99.95) {
    return perSecond.toFixed(1);
  }
  return perSecond < 999_999.5 ? COUNT.format(Math.round(perSecond)) : `${(perSecond / 1e6).toFixed(1)} M`;
}

/** A count in full, with separators. */
export function countText(count: number): string {
  return COUNT.format(count);
}

/** `1 request`, `2 requests`. */
export function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : nouns}`;
}

/** A part of one in percent: `0 %`, `0.04 %`, `80.2 %`, `100 %`; what is not quite none or all never looks like it. */
export function percentText(part: number): string {
  const percent = part * 100;
  if (percent <= 0 || percent >= 100) {
    return percent <= 0 ? "0 %" : "100 %";
  }
  if (percent < 0.01) {
    return "< 0.01 %";
  }
  if (percent > 99.95) {
    return "> 99.9 %";
  }
  return `${percent < 1 ? percent.toFixed(2) : percent.toFixed(1).replace(/\.0$/, "")} %`;
}

/** `80.2 % [79.4–81.0]`: the share that was seen, and where the true one is with 99 % certainty. */
export function shareText({ seen, low, high }: Share): string {
  const bound = (part: number) => (part * 100).toFixed(1);
  return `${(seen * 100).toFixed(1)} % [${bound(low)}–${bound(high)}]`;
}

/** Milliseconds as a time that something took: `< 1 ms` for what was measured in whole ones, `0.4 ms`, `18 ms`, `2.1 s`, `3 min`. */
export function tookText(ms: number): string {
  if (ms === 0) {
    return "< 1 ms";
  }
  if (ms < 10) {
    return `${Number(ms.toFixed(1))} ms`;
  }
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }
  return ms < 60_000 ? `${Number((ms / 1000).toFixed(1))} s` : `${Math.round(ms / 60_000)} min`;
}
