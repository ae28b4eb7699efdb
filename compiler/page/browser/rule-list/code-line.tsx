/** A line as it is written. */

import type { LineToken } from "../../api.ts";
import { inert } from "../format/inert.ts";

/** Nobody reads more of one line here. */
const LONGEST_LINE = 400;

export function CodeLine({ tokens }: { readonly tokens: readonly LineToken[] | undefined }) {
  if (tokens === undefined) {
    return <code class="code is-coming">…</code>;
  }
  const parts = [];
  let left = LONGEST_LINE;
  for (const [index, [kind, text]] of tokens.entries()) {
    if (left <= 0) {
      parts.push("…");
      break;
    }
    const shown = kind === "space" ? text.slice(0, left) : inert(text, left);
    parts.push(
      kind === "space" || kind === "other" ? (
        shown
      ) : (
        <span key={index} class={`token-${kind}`}>
          {shown}
        </span>
      ),
    );
    left -= text.length;
  }
  return (
    <code class="code" dir="ltr">
      {parts}
    </code>
  );
}
