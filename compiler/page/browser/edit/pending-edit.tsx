/** An edit that is not applied: what is wrong with it, or what would become of requests if it were. */

import { useSignal } from "@preact/signals";
import type { PendingView } from "../../api.ts";
import { counted, countText } from "../format/numbers.ts";
import { Icon } from "../parts/icon.tsx";
import { usePage } from "../parts/page-context.ts";
import { Text } from "../parts/text.tsx";

type Change = PendingView["witnesses"][number];

export function PendingEdit() {
  const page = usePage();
  const isOpen = useSignal(false);
  const pending = page.pending.value;
  if (pending === null) {
    return null;
  }
  const { state, findings, witnesses, replay } = pending;
  const errors = findings.filter(({ level }) => level === "error");
  const tone = state === "wrong" ? "bad" : state === "hold" ? "warn" : "plain";
  const hasDetails = witnesses.length + findings.length + (replay?.examples.length ?? 0) > 0;
  return (
    <section class={`pending is-${tone}`} aria-labelledby="pending-title">
      <div class="pending-head">
        <Icon name={tone === "plain" ? "wait" : tone} />
        <h2 id="pending-title">{TITLES[state]}</h2>
        <p role="status">{summary(pending, errors.length)}</p>
        <span class="pending-actions">
          {hasDetails && (
            <button
              type="button"
              aria-expanded={isOpen.value}
              onClick={() => {
                isOpen.value = !isOpen.peek();
              }}
            >
              {isOpen.value ? "Hide" : "Show"}
            </button>
          )}
          {state === "hold" && (
            <button type="button" class="primary" onClick={() => void page.apply()}>
              Apply
            </button>
          )}
        </span>
      </div>
      {isOpen.value && hasDetails && (
        <div
          class="pending-body"
          role="group"
          aria-labelledby="pending-title"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys.
          tabIndex={0}
        >
          {findings.length > 0 && (
            <ul class="plain">
              {findings.slice(0, 50).map((finding, index) => (
                <li key={index}>
                  <button
                    type="button"
                    class={`finding is-${finding.level === "error" ? "bad" : "warn"}`}
                    onClick={() => {
                      page.dialog.value = { kind: "finding", finding };
                    }}
                  >
                    <Icon name={finding.level === "error" ? "bad" : "warn"} />
                    <b>{finding.code}</b>{" "}
                    <span class="is-muted">
                      <Text of={`${finding.file ?? ""}:${finding.line ?? ""}`} longest={120} />
                    </span>{" "}
                    <Text of={finding.message} longest={400} />
                  </button>
                </li>
              ))}
            </ul>
          )}
          {witnesses.length > 0 && (
            <Changes title="Requests that are decided otherwise" changes={witnesses} />
          )}
          {replay?.unseen !== undefined && replay.unseen.length > 0 && (
            <p class="is-muted">
              Samples do not have headers that the edit reads:{" "}
              <Text of={replay.unseen.join(", ")} longest={400} />. They are decided as if they had none of
              them.
            </p>
          )}
          {replay !== undefined && replay.examples.length > 0 && (
            <Changes
              title={`Of the last ${counted(replay.of, "sampled request")}, ${countText(replay.changed)} would go elsewhere`}
              changes={replay.examples}
            />
          )}
        </div>
      )}
    </section>
  );
}

const TITLES: Readonly<Record<PendingView["state"], string>> = {
  hold: "An edit waits to be applied",
  wrong: "The edit is not applied",
  applying: "An edit is being applied",
};

function summary({ state, witnesses, replay }: PendingView, errors: number): string {
  if (state === "wrong") {
    return `${counted(errors, "error")}; the old rules stay in effect`;
  }
  const parts = [];
  if (replay !== undefined && replay.of > 0) {
    parts.push(
      `${countText(replay.changed)} of the last ${counted(replay.of, "sampled request")} would go elsewhere`,
    );
  }
  if (witnesses.length > 0) {
    parts.push(`${counted(witnesses.length, "difference")} found`);
  }
  // Nothing found is not the same as nothing changed: it may not have been compared yet.
  return parts.length === 0 ? "the old rules stay in effect" : parts.join("; ");
}

function Changes({ title, changes }: { readonly title: string; readonly changes: readonly Change[] }) {
  return (
    <table class="changes">
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">Request</th>
          <th scope="col">Now</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {changes.slice(0, 50).map(({ request, before, after }, index) => (
          <tr key={index}>
            <th scope="row">
              <Text of={request} longest={300} />
            </th>
            <td>
              <Text of={before} longest={200} />
            </td>
            <td>
              <Text of={after} longest={200} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
