/** Shows the rest of a list of which only the first entries are shown, and hides it again. */

import type { Signal } from "@preact/signals";
import { countText } from "../format/numbers.ts";

export function MoreButton({
  isLong,
  more,
  what,
}: {
  readonly isLong: Signal<boolean>;
  /** How many entries are hidden; without any there is no button. */
  readonly more: number;
  /** What they are, in the plural. */
  readonly what: string;
}) {
  return more <= 0 ? null : (
    <button
      type="button"
      class="more"
      aria-expanded={isLong.value}
      onClick={() => {
        isLong.value = !isLong.peek();
      }}
    >
      {isLong.value ? `fewer ${what}` : `${countText(more)} more ${what}`}
    </button>
  );
}
