/** Requests that were sampled while they passed; a click explains one. What comes while somebody looks at a row waits until they look away. */

import { useSignal } from "@preact/signals";
import type { TappedRequest } from "../../../observe/tapped-request.ts";
import { clusterText } from "../format/clusters.ts";
import { inert } from "../format/inert.ts";
import { counted, tookText } from "../format/numbers.ts";
import { agoText, clockTenthText } from "../format/times.ts";
import { Icon } from "../parts/icon.tsx";
import { usePage } from "../parts/page-context.ts";
import { Text } from "../parts/text.tsx";

const SHOWN = 40;
const PERCENTS = [1, 10, 100];

export function TapPanel() {
  const page = usePage();
  const { percent, until, dropped } = page.tap.value;
  const held = useSignal<readonly TappedRequest[] | undefined>(undefined);
  const requests = held.value ?? page.tapped.value;
  const newer = held.value === undefined ? 0 : page.tapped.value.indexOf(held.value[0]!);
  const hold = () => {
    held.value ??= page.tapped.peek().length > 0 ? page.tapped.peek() : undefined;
  };
  const letGo = () => {
    held.value = undefined;
  };
  return (
    <section class="panel" aria-labelledby="tap-title" id="tap">
      <h2 id="tap-title">Tapped requests</h2>
      <div class="tap-switch" role="group" aria-label="Sample requests">
        <button type="button" aria-pressed={percent === 0} onClick={() => void page.switchTap(0)}>
          Off
        </button>
        {PERCENTS.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={percent === one}
            onClick={() => void page.switchTap(one)}
          >
            {one} %
          </button>
        ))}
        <span class="is-muted">
          {percent > 0 && until !== undefined && `ends in ${agoText(Math.max(until - page.now.value, 0))}`}
          {percent > 0 && dropped > 0 && `, ${counted(dropped, "request")} left out`}
        </span>
      </div>
      {requests.length === 0 ? (
        <p class="is-muted">
          {percent > 0
            ? "Nothing has passed yet."
            : "Samples what passes, without a reload: 1 % costs nothing that can be measured."}
        </p>
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: nothing is done here; the list stands still while it is read.
        <div onMouseEnter={hold} onMouseLeave={letGo} onFocusCapture={hold} onBlurCapture={letGo}>
          <table class="tapped">
            <caption class="spoken">Sampled requests, the newest first</caption>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Status</th>
                <th scope="col" class="number">
                  Took
                </th>
                <th scope="col">Request</th>
              </tr>
            </thead>
            <tbody>
              {requests.slice(0, SHOWN).map((request) => (
                <TappedRow key={`${request.requestId ?? ""}${request.at}${request.path}`} request={request} />
              ))}
            </tbody>
          </table>
          <p class="is-muted tapped-newer">{newer > 0 ? `${newer} newer` : "\u00a0"}</p>
        </div>
      )}
    </section>
  );
}

function TappedRow({ request }: { readonly request: TappedRequest }) {
  const page = usePage();
  const { at, status, durationMs, method, authority, path, rule, cluster, fault } = request;
  const group = page.groupOf(rule);
  const bad = status === 0 || status >= 500;
  return (
    <tr>
      <td class="number is-muted">{clockTenthText(at)}</td>
      <td class={bad ? "is-bad" : status >= 400 ? "is-warn" : ""}>
        <span class="status">
          {bad && <Icon name="bad" />}
          {status === 0 ? "left" : status}
        </span>
      </td>
      <td class="number">{tookText(durationMs)}</td>
      <td>
        <button type="button" class="pick tapped-request" onClick={() => void page.explainTapped(request)}>
          <Text of={`${method} ${authority}${path}`} longest={160} />
          <span class="is-muted">
            {rule === undefined ? "no rule" : inert(group?.view.name ?? rule, 60)}
            {fault !== undefined && `, ${fault.replace(",", " and ")}`}
            {cluster !== undefined && ` → ${inert(clusterText(cluster), 60)}`}
          </span>
        </button>
      </td>
    </tr>
  );
}
