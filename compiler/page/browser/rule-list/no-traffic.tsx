/** In the place of rows of zeros: how to send the first request. */

import { useSignal } from "@preact/signals";
import { curlLine } from "../format/curl.ts";
import { inert } from "../format/inert.ts";
import { totals } from "../live/live-state.ts";
import { usePage } from "../parts/page-context.ts";

export function NoTraffic() {
  const page = usePage();
  const copied = useSignal(false);
  const live = page.live.value;
  if (live.at === 0 || totals(live).total > 0) {
    return null;
  }
  const listeners = page.view.value?.listeners ?? [];
  const gatewaysFirst = [...listeners].sort(
    (a, b) => Number(b.role === "gateway") - Number(a.role === "gateway"),
  );
  const line = gatewaysFirst.flatMap((listener) => curlLine(listener) ?? [])[0];
  return (
    <section class="no-traffic" aria-label="No traffic yet">
      <p>
        <b>No request has come yet.</b>{" "}
        {line === undefined ? "There is no listener that a request can be sent to." : "Send one:"}
      </p>
      {line !== undefined && (
        <p class="command">
          <code>{inert(line, 400)}</code>
          <button
            type="button"
            onClick={() => {
              void navigator.clipboard.writeText(line).then(() => {
                copied.value = true;
              });
            }}
          >
            {copied.value ? "Copied" : "Copy"}
          </button>
        </p>
      )}
    </section>
  );
}
