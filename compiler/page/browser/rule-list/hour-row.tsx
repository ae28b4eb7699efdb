/** The last hour of a rule, in one broad line. */

import { rateText } from "../format/numbers.ts";
import { usePage } from "../parts/page-context.ts";
import type { RuleGroup } from "../rules/rule-group.ts";

const HEIGHT = 24;

export function HourRow({ group }: { readonly group: RuleGroup }) {
  const page = usePage();
  page.hours.came.value;
  const hour = page.hours.of(group, page.now.value);
  const rates = hour?.rates ?? [];
  const most = Math.max(0, ...rates);
  return (
    <div role="cell" class="hour-cell">
      <svg
        class="hour"
        viewBox={`0 0 ${Math.max(rates.length - 1, 1)} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {most > 0 && <path class="hour-area" d={hourPath(rates, most)} />}
      </svg>
      <span class="hour-text is-muted">{hour !== undefined && hourText(rates, most)}</span>
    </div>
  );
}

function hourText(rates: readonly number[], most: number): string {
  if (rates.length === 0) {
    return "no history yet";
  }
  return most > 0 ? `last hour, at most ${rateText(most)}/s` : "nothing in the last hour";
}

function hourPath(rates: readonly number[], most: number): string {
  const tops = rates.map((rate, index) => `L${index} ${(HEIGHT - (rate / most) * (HEIGHT - 1)).toFixed(1)}`);
  return `M0 ${HEIGHT}${tops.join("")}V${HEIGHT}Z`;
}
