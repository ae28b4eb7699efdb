/** Where requests come in: each listener, what no rule took there, and its hosts. A click shows the rules of one. */

import { useSignal } from "@preact/signals";
import type { ListenerView } from "../../api.ts";
import { countText, rateText } from "../format/numbers.ts";
import { Icon } from "../parts/icon.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { usePage } from "../parts/page-context.ts";
import { Text } from "../parts/text.tsx";
import { hostRates } from "./host-rates.ts";

/** As many as are shown before somebody asks for the rest. */
const AT_FIRST = 12;

export function Listeners() {
  const listeners = usePage().view.value?.listeners ?? [];
  return (
    <section class="panel" aria-labelledby="listeners-title">
      <h2 id="listeners-title">Listeners</h2>
      {listeners.map((listener) => (
        <Listener key={listener.name} listener={listener} />
      ))}
    </section>
  );
}

function Listener({ listener }: { readonly listener: ListenerView }) {
  const page = usePage();
  const isLong = useSignal(false);
  const seen = page.live.value.listeners.find(({ name }) => name === listener.name);
  const hosts = hostRates(listener, page.view.value!, page.live.value);
  return (
    <div class="listener">
      <h3 class="pair">
        <span>
          <Text of={listener.name} longest={60} />{" "}
          <span class="is-muted">
            <Text of={listener.address} longest={60} />
            {listener.tls && " TLS"}
          </span>
        </span>
        <span class="number">{rateText(seen?.requests.perSecond ?? 0)}/s</span>
      </h3>
      {seen !== undefined && <Unmatched what="unknown host" rate={seen.unknownHost} />}
      {seen !== undefined && <Unmatched what="no rule" rate={seen.noRule} />}
      <ul class="plain">
        {hosts.slice(0, isLong.value ? 500 : AT_FIRST).map(({ host, perSecond, isShared }) => (
          <li key={host.name}>
            <button
              type="button"
              class={`pair pick ${perSecond > 0 ? "" : "is-still"}`}
              title={host.domains.slice(0, 8).join(", ").slice(0, 300)}
              onClick={() => {
                page.filter.value = { ...page.filter.peek(), text: hostTitle(host.domains, host.name) };
              }}
            >
              <Text of={hostTitle(host.domains, host.name)} longest={80} />
              <span class="number">
                {listener.counted
                  ? `${isShared ? "≤ " : ""}${rateText(perSecond)}/s`
                  : rulesText(host.rules.length)}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <MoreButton isLong={isLong} more={hosts.length - AT_FIRST} what="hosts" />
    </div>
  );
}

function Unmatched({
  what,
  rate,
}: {
  readonly what: string;
  readonly rate: { readonly total: number; readonly perSecond: number };
}) {
  if (rate.total === 0) {
    return null;
  }
  return (
    <p class={`pair unmatched ${rate.perSecond > 0 ? "is-warn" : "is-muted"}`}>
      <span>
        <Icon name="warn" />
        {what}: 404
      </span>
      <span class="number" title={`${countText(rate.total)} in all`}>
        {rateText(rate.perSecond)}/s
      </span>
    </p>
  );
}

function rulesText(rules: number): string {
  return rules === 1 ? "1 rule" : `${countText(rules)} rules`;
}

/** The shortest of its domains is what people call it. */
function hostTitle(domains: readonly string[], name: string): string {
  const [shortest] = [...domains].sort((a, b) => a.length - b.length);
  return shortest ?? name;
}
