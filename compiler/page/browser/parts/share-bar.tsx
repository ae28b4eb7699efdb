/** A share that was wanted and the one that was seen, as a bar with the interval of certainty and a mark at what was wanted, and in words. */

import type { Share } from "../../../observe/live-report.ts";
import { countText, percentText, shareText } from "../format/numbers.ts";
import { Icon } from "./icon.tsx";

export function ShareBar({ share }: { readonly share: Share }) {
  const { wanted, seen, low, high, of, agrees } = share;
  const spoken = `${percentText(seen)} seen, ${percentText(wanted)} wanted, ${agrees ? "as its weight says" : "off its weight"}`;
  return (
    <span
      class={`share ${agrees ? "is-good" : "is-warn"}`}
      title={`${spoken}; of ${countText(of)} requests, the true share is between ${percentText(low)} and ${percentText(high)} with 99 % certainty`}
    >
      <svg class="share-bar" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
        <rect class="share-track" x="0" y="3" width="100" height="6" rx="1" />
        <rect class="share-seen" x="0" y="3" width={100 * seen} height="6" rx="1" />
        <rect
          class="share-interval"
          x={100 * low}
          y="1"
          width={Math.max(100 * (high - low), 0.8)}
          height="10"
        />
        <rect
          class="share-wanted"
          x={Math.min(Math.max(100 * wanted - 0.75, 0), 98.5)}
          y="0"
          width="1.5"
          height="12"
        />
      </svg>
      <span class="share-text" aria-hidden="true">
        {shareText(share)}
      </span>
      <Icon name={agrees ? "good" : "warn"} />
      {!agrees && (
        <span class="share-off" aria-hidden="true">
          not {percentText(wanted)}
        </span>
      )}
      <span class="spoken">{spoken}</span>
    </span>
  );
}
