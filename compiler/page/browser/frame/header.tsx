/** What is to be known at one glance: is it well, how much passes, and what changed last. */

import { clusterText } from "../format/clusters.ts";
import { inert } from "../format/inert.ts";
import { percentText, rateText, tookText } from "../format/numbers.ts";
import { agoText, clockText } from "../format/times.ts";
import type { Tone } from "../live/health.ts";
import { totals } from "../live/live-state.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { usePage } from "../parts/page-context.ts";
import { Text } from "../parts/text.tsx";

const ICONS: Readonly<Record<Tone, IconName>> = { good: "good", warn: "warn", bad: "bad", plain: "wait" };

export function Header() {
  const page = usePage();
  const view = page.view.value;
  const { tone, words } = page.health.value;
  return (
    <header class="header">
      <h1>
        <svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 3V21M20 3V21M4 6H20" />
          <path class="logo-gate" d="M8 9H16V13H8Z" />
          <path class="logo-water" d="M6.5 17Q9.2 15 12 17T17.5 17M6.5 20.5Q9.2 18.5 12 20.5T17.5 20.5" />
        </svg>
        Sluice
      </h1>
      <div class="state">
        <p class={`health is-${tone}`} role="status">
          <Icon name={ICONS[tone]} />
          {words}
        </p>
        {view !== undefined && (
          <p class="is-muted generation">
            generation {view.generation}, since {clockText(view.servedSince)}
          </p>
        )}
      </div>
      <Numbers />
      <LastEvent />
      <div class="header-actions">
        {view !== undefined && (
          <span
            class="scope"
            title={
              view.scope === undefined
                ? "Numbers and requests are those of this proxy, and of no other"
                : "Numbers are sums of what the proxies of this scope report to this server"
            }
          >
            <Text of={view.title} longest={60} /> only
          </span>
        )}
        {view?.scope === undefined && <TapSwitch />}
        <button
          type="button"
          class="help-button"
          aria-label="Keys and help"
          onClick={() => {
            page.dialog.value = { kind: "help" };
          }}
        >
          ?
        </button>
      </div>
    </header>
  );
}

function Numbers() {
  const page = usePage();
  const { perSecond, failedShare, slowest } = totals(page.live.value);
  const isOld = page.isOld.value;
  return (
    <dl class={`numbers ${isOld ? "is-old" : ""}`}>
      <div>
        <dt>requests</dt>
        {page.live.value.windowMs === 0 ? (
          <dd class="is-muted">–</dd>
        ) : (
          <dd>
            {rateText(perSecond)}
            <span class="unit">/s</span>
          </dd>
        )}
      </div>
      <div>
        <dt>slowest p99</dt>
        <dd title={slowest && `of ${clusterText(slowest.cluster)}`}>
          {slowest === undefined ? "–" : tookText(slowest.p99)}
        </dd>
      </div>
      <div>
        <dt>5xx</dt>
        <dd class={failedShare !== undefined && failedShare >= 0.01 ? "is-bad" : ""}>
          {failedShare === undefined ? "–" : percentText(failedShare)}
        </dd>
      </div>
      {isOld && page.live.value.at > 0 && (
        <div>
          <dt>numbers of</dt>
          <dd>{clockText(page.live.value.at)}</dd>
        </div>
      )}
    </dl>
  );
}

function LastEvent() {
  const page = usePage();
  const last = page.events.value.at(-1);
  if (last === undefined) {
    return <span class="last-event" />;
  }
  return (
    <button
      type="button"
      class="last-event"
      onClick={() => {
        page.dialog.value = { kind: "events" };
      }}
    >
      <span class="is-muted">{whenText(page.now.value - last.at)}</span>{" "}
      <bdi class="text">{inert(last.text.split("\n")[0]!, 160)}</bdi>
    </button>
  );
}

export function whenText(ms: number): string {
  const ago = agoText(Math.max(ms, 0));
  return ago === "now" ? "just now" : `${ago} ago`;
}

function TapSwitch() {
  const page = usePage();
  const { percent } = page.tap.value;
  const isOn = percent > 0;
  return (
    <button
      type="button"
      class="tap-button"
      aria-pressed={isOn}
      onClick={() => void page.switchTap(isOn ? 0 : 1)}
    >
      Tap <span class="is-muted">{isOn ? percentText(percent / 100) : "off"}</span>
    </button>
  );
}
