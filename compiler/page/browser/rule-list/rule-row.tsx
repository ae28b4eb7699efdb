/** The heading of a rule: what it is called and asks for, and what it does. */

import { useComputed } from "@preact/signals";
import type { RulesView, RuleView } from "../../api.ts";
import { inert } from "../format/inert.ts";
import { counted, percentText, rateText, tookText } from "../format/numbers.ts";
import { agoText } from "../format/times.ts";
import { isOffWeight, type RuleSum } from "../live/live-state.ts";
import { Icon } from "../parts/icon.tsx";
import { usePage } from "../parts/page-context.ts";
import { Sparkline } from "../parts/sparkline.tsx";
import { Text } from "../parts/text.tsx";
import { groupSum, historyKeys, type RuleGroup } from "../rules/rule-group.ts";

export function RuleRow({ group, open }: { readonly group: RuleGroup; readonly open: boolean }) {
  const page = usePage();
  const { view } = group;
  const sum = groupSum(group, page.live.value);
  const isCurrent = useComputed(() => page.current.value === group.id).value;
  // Below that of the file, where there is one.
  const Heading = page.isAsWritten.value ? "h4" : "h3";
  const counts = isCounted(page.view.value!, view);
  return (
    <>
      <div role="cell" class="rule-cell">
        <Heading>
          <button
            type="button"
            class="rule-fold"
            aria-expanded={open}
            data-rule={group.id}
            tabIndex={isCurrent ? 0 : -1}
            onClick={() => {
              page.current.value = group.id;
              page.toggle(group.id);
            }}
          >
            <Icon name="fold" />
            <Text of={view.name} class="rule-name" longest={120} />
            <span class="rule-asks">
              <Text of={asks(group)} longest={160} />
            </span>
          </button>
        </Heading>
        <span class="rule-chips">
          <Chips group={group} sum={sum} />
        </span>
      </div>
      <div role="cell" class="hit-cell">
        {counts && <LastHit sum={sum} />}
      </div>
      {counts ? (
        <Counted group={group} sum={sum} />
      ) : (
        <div role="cell" class="rate-cell is-muted">
          not counted
        </div>
      )}
    </>
  );
}

function Counted({ group, sum }: { readonly group: RuleGroup; readonly sum: RuleSum | undefined }) {
  const { history, live } = usePage();
  const rates = historyKeys(group)
    .map((key) => history.of(key))
    .reduce((all, one) => all.map((rate, index) => rate + (one[index] ?? 0)));
  const perSecond = sum?.taken.perSecond ?? 0;
  if (live.value.windowMs === 0) {
    // A rate needs a second reading.
    return (
      <div role="cell" class="rate-cell is-muted">
        –
      </div>
    );
  }
  return (
    <div role="cell" class={`rate-cell ${perSecond > 0 ? "" : "is-still"}`}>
      <Sparkline rates={rates} />
      <span class="number">
        {rateText(perSecond)}
        <span class="unit">/s</span>
      </span>
    </div>
  );
}

function LastHit({ sum }: { readonly sum: RuleSum | undefined }) {
  const page = usePage();
  const now = page.now.value;
  if (sum === undefined || sum.taken.total === 0) {
    return (
      <span class="not-hit">
        <Icon name="plain" />
        not hit for {agoText(Math.max(now - page.view.value!.servedSince, 0))}
      </span>
    );
  }
  if (sum.lastHit === undefined) {
    return <span class="is-muted">{counted(sum.taken.total, "request")} before</span>;
  }
  const ago = agoText(Math.max(now - sum.lastHit, 0));
  return <span>{ago === "now" ? "now" : `${ago} ago`}</span>;
}

function Chips({ group, sum }: { readonly group: RuleGroup; readonly sum: RuleSum | undefined }) {
  const { delay, abort, answers } = group.view;
  return (
    <>
      {answers !== undefined && (
        <span class="chip">{answers === "redirect" ? "redirects" : "answers itself"}</span>
      )}
      {delay && (
        <span class="chip is-warn">
          delay {tookText(delay.ms)} · {percentText(delay.percent / 100)}
          {sum !== undefined && sum.delays.perSecond > 0 && ` · ${rateText(sum.delays.perSecond)}/s`}
        </span>
      )}
      {abort && (
        <span class="chip is-warn">
          abort {inert(abort.status, 20)} · {percentText(abort.percent / 100)}
          {sum !== undefined && sum.aborts.perSecond > 0 && ` · ${rateText(sum.aborts.perSecond)}/s`}
        </span>
      )}
      {isOffWeight(sum) && <span class="chip is-warn">off its weight</span>}
      {group.findings.length > 0 && (
        <span class={`chip ${group.findings.some(({ level }) => level !== "info") ? "is-warn" : ""}`}>
          {counted(group.findings.length, "finding")}
        </span>
      )}
    </>
  );
}

/** What a rule asks for, in a line. */
function asks({ view, matches }: RuleGroup): string {
  if (matches.length > 1) {
    return `${matches.length} matches: ${matches.map(({ conditions }) => conditions.join(", ")).join(" · ")}`;
  }
  return view.conditions.length === 0 ? "every request" : view.conditions.join(", ");
}

/** Whether its requests are counted at some listener where it decides. */
function isCounted(view: RulesView, rule: RuleView): boolean {
  return (
    view.counts === "all" ||
    view.listeners.some(({ name, counted }) => counted && rule.listeners.includes(name))
  );
}
