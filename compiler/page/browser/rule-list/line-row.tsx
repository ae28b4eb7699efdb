/** A line of a file, and beside it what the rule does there. */

import type { LiveDestination } from "../../../observe/live-report.ts";
import { percentText, rateText, tookText } from "../format/numbers.ts";
import { complaints } from "../live/cluster-health.ts";
import { ClusterName } from "../parts/cluster-name.tsx";
import { Icon } from "../parts/icon.tsx";
import { usePage } from "../parts/page-context.ts";
import { ShareBar } from "../parts/share-bar.tsx";
import { Sparkline } from "../parts/sparkline.tsx";
import type { Row } from "../rules/rows.ts";
import { groupSum, type LineNote, type RuleGroup } from "../rules/rule-group.ts";
import { CodeLine } from "./code-line.tsx";

export function LineRow({ file, line, group, note }: Extract<Row, { kind: "line" }>) {
  const page = usePage();
  const lines = page.lines.value;
  lines.came.value;
  return (
    <>
      <div role="cell" class="line-cell">
        <span class="line-number">{line}</span>
        <CodeLine tokens={lines.line(file, line)} />
      </div>
      <div role="cell" class="note-cell">
        {group !== undefined && note !== undefined && <Note group={group} note={note} />}
      </div>
    </>
  );
}

function Note({ group, note }: { readonly group: RuleGroup; readonly note: LineNote }) {
  const page = usePage();
  const { view } = group;
  if (page.view.value?.counts === "none") {
    return note.kind === "destination" ? (
      <span class="is-muted">
        {note.whole > 0 && note.weight !== note.whole && `${percentText(note.weight / note.whole)} to `}
        <ClusterName of={note.cluster} />
      </span>
    ) : null;
  }
  const live = page.live.value;
  switch (note.kind) {
    case "destination": {
      const destination = groupSum(group, live)?.destinations.find(({ cluster }) => cluster === note.cluster);
      return <Destination note={note} destination={destination} />;
    }
    case "match": {
      const perSecond = live.rules.get(note.key)?.taken.perSecond ?? 0;
      return (
        <span class={`match-note ${perSecond > 0 ? "" : "is-still"}`}>
          <Sparkline rates={page.history.of(note.key)} />
          <span class="number">{rateText(perSecond)}/s</span>
        </span>
      );
    }
    case "delay": {
      const { total, perSecond } = groupSum(group, live)?.delays ?? { total: 0, perSecond: 0 };
      return (
        <span class="is-warn">
          {tookText(view.delay?.ms ?? 0)} for {total.toLocaleString("en")}, {rateText(perSecond)}/s
        </span>
      );
    }
    case "abort": {
      const { total, perSecond } = groupSum(group, live)?.aborts ?? { total: 0, perSecond: 0 };
      return (
        <span class="is-warn">
          {view.abort?.status} for {total.toLocaleString("en")}, {rateText(perSecond)}/s
        </span>
      );
    }
  }
}

function Destination({
  note,
  destination,
}: {
  readonly note: Extract<LineNote, { kind: "destination" }>;
  readonly destination: LiveDestination | undefined;
}) {
  const perSecond = destination?.requests.perSecond ?? 0;
  const cluster = usePage().live.value.clusters.find(({ name }) => name === note.cluster);
  return (
    <span class="destination-note">
      {cluster !== undefined &&
        complaints(cluster)
          .slice(0, 1)
          .map(({ tone, words }) => (
            <span key={words} class={`complaint is-${tone}`}>
              <Icon name={tone} />
              {words}
            </span>
          ))}
      {destination?.share !== undefined ? (
        <ShareBar share={destination.share} />
      ) : (
        <span class="is-muted">
          {note.whole > 0 && note.weight !== note.whole ? (
            `${percentText(note.weight / note.whole)} wanted`
          ) : (
            <ClusterName of={note.cluster} />
          )}
        </span>
      )}
      <span class={`number ${perSecond > 0 ? "" : "is-still"}`}>{rateText(perSecond)}/s</span>
    </span>
  );
}
