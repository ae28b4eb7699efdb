/** The last minute in one small line, against its own highest point. Decoration: the number stands beside it. */

import { STEPS } from "../live/rate-history.ts";

const WIDTH = 60;
const HEIGHT = 18;

export function Sparkline({ rates }: { readonly rates: readonly number[] }) {
  const area = sparkArea(rates);
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <path class="sparkline-base" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
      {area !== "" && (
        <>
          <path class="sparkline-area" d={`${area}V${HEIGHT}H${startOf(rates)}Z`} />
          <path class="sparkline-line" d={area} />
        </>
      )}
    </svg>
  );
}

/** The path along the tops, the newest at the right edge; empty when nothing moved. */
export function sparkArea(rates: readonly number[]): string {
  const highest = Math.max(...rates);
  if (rates.length < 2 || highest <= 0) {
    return "";
  }
  const step = WIDTH / (STEPS - 1);
  return rates
    .map((rate, index) => {
      const x = startOf(rates) + index * step;
      const y = HEIGHT - 1.5 - (rate / highest) * (HEIGHT - 3);
      return `${index === 0 ? "M" : "L"}${round(x)} ${round(y)}`;
    })
    .join("");
}

function startOf(rates: readonly number[]): number {
  return round(WIDTH - ((rates.length - 1) * WIDTH) / (STEPS - 1));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
