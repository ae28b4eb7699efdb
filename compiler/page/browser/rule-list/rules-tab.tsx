/** The first view: the rules as they are written, where requests come in and go, and one request at a time. */

import { counted, countText } from "../format/numbers.ts";
import { Clusters } from "../mesh/clusters.tsx";
import { Listeners } from "../mesh/listeners.tsx";
import { usePage } from "../parts/page-context.ts";
import { ExplainPanel } from "../request/explain-panel.tsx";
import { TapPanel } from "../request/tap-panel.tsx";
import { RULE_FLAGS, type RuleFlag } from "../rules/rule-filter.ts";
import { NoTraffic } from "./no-traffic.tsx";
import { RuleList } from "./rule-list.tsx";

export function RulesTab() {
  const page = usePage();
  if (page.view.value === undefined) {
    return <p class="is-muted waiting">{page.connection.value.kind === "connecting" ? "Connecting…" : ""}</p>;
  }
  return (
    <>
      <section class="middle" aria-labelledby="rules-title">
        <Toolbar />
        <NotCounted />
        <NoTraffic />
        <RuleList />
      </section>
      <div class="side side-mesh">
        <Listeners />
        <Clusters />
      </div>
      <div class="side side-request">
        <ExplainPanel />
        <TapPanel />
      </div>
    </>
  );
}

function Toolbar() {
  const page = usePage();
  const filter = page.filter.value;
  const shown = page.shownGroups.value.length;
  const all = page.groups.value.length;
  return (
    <div class="toolbar">
      <h2 id="rules-title" class="spoken">
        Rules
      </h2>
      <span class="rule-count" role="status">
        {shown === all ? counted(all, "rule") : `${countText(shown)} of ${counted(all, "rule")}`}
      </span>
      <search class="toolbar-search">
        <input
          id="filter"
          type="search"
          aria-label="Find rules by name, host, path, cluster or file"
          placeholder="Name, host, path, cluster  ( / )"
          spellcheck={false}
          autocomplete="off"
          value={filter.text}
          onInput={(event) => {
            page.filter.value = { ...page.filter.peek(), text: event.currentTarget.value };
          }}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown" || event.key === "Enter") {
              event.preventDefault();
              document.getElementById("rule-list")?.focus();
            }
          }}
        />
      </search>
      <div class="toolbar-flags" role="group" aria-label="Only rules that are">
        {(Object.keys(RULE_FLAGS) as RuleFlag[]).map((flag) => (
          <button
            key={flag}
            type="button"
            class="toggle"
            title={RULE_FLAGS[flag].hint}
            aria-pressed={filter.flags.has(flag)}
            onClick={() => {
              const flags = new Set(filter.flags);
              if (!flags.delete(flag)) {
                flags.add(flag);
              }
              page.filter.value = { ...filter, flags };
            }}
          >
            {RULE_FLAGS[flag].title}
          </button>
        ))}
      </div>
      <button
        type="button"
        class="toggle"
        aria-pressed={page.sort.value === "traffic"}
        onClick={() => {
          page.sort.value = page.sort.peek() === "file" ? "traffic" : "file";
        }}
      >
        By traffic
      </button>
    </div>
  );
}

/** Said rather than shown as zeros. */
function NotCounted() {
  const { counts, target } = usePage().view.value!;
  if (counts === "all") {
    return null;
  }
  return (
    <p class="banner is-plain">
      {counts === "none" ? (
        <>
          Requests are not counted by rule with the target {target}: Envoy's own routes decide. Listeners and
          clusters are; so are rules with <code>--rule-counters on</code>, or with <code>--target wasm</code>.
        </>
      ) : (
        <>
          Some listeners are decided by Envoy's own routes, which are not counted by rule.{" "}
          <code>--rule-counters on</code> counts there as well.
        </>
      )}
    </p>
  );
}
