/** A roll-out: its waves, what it waits for, what it counts, and why it stopped. */

import type { RolloutReport, WaveReport } from "../../../fleet/model/report.ts";
import { countText } from "../format/numbers.ts";
import { clockText } from "../format/times.ts";
import { Icon } from "../parts/icon.tsx";
import { Text } from "../parts/text.tsx";
import { errorsText, phaseText, waitsFor } from "./gate-text.ts";

export function RollOut({ rollout, now }: { readonly rollout: RolloutReport; readonly now: number }) {
  const { phase, revision, from, began, waves, wave, responses, failure, returned } = rollout;
  const isRunning = phase === "running";
  return (
    <article class="roll-out">
      <h3>
        <Icon name={failure !== undefined ? "bad" : isRunning ? "wait" : "good"} />
        <Text of={revision} class="revision" />
        <span class="is-muted">
          {phaseText(rollout)}, began {clockText(Date.parse(began))}
          {from !== undefined && <>, from {from}</>}
        </span>
      </h3>
      <ol class="waves">
        {waves.map((one, index) => (
          <Wave key={one.name} wave={one} at={index - wave} isRunning={isRunning} />
        ))}
      </ol>
      {isRunning && <p class="waits">It waits: {waitsFor(rollout, now)}.</p>}
      <p class="is-muted">
        5xx of proxies that have it: {errorsText(responses.changed)}; of the others:{" "}
        {errorsText(responses.unchanged)}
      </p>
      {failure !== undefined && (
        <div class="failure">
          <p class="is-bad">
            Gate <b>{failure.gate}</b> stopped it in wave {failure.wave}
            {failure.proxy !== undefined && (
              <>
                {" "}
                at <Text of={failure.proxy} />
              </>
            )}
            {failure.step !== undefined && <> (step {failure.step})</>}
          </p>
          {failure.words.map((words) => (
            <p key={words} class="words">
              <Text of={words} longest={2_000} />
            </p>
          ))}
          {(failure.rules ?? []).map(({ name, file, line }) => (
            <p key={`${name} ${file} ${line}`}>
              changed rule: <Text of={name} />{" "}
              <code>
                <Text of={`${file}:${line}`} />
              </code>
            </p>
          ))}
          <p class="is-muted">
            {returned === undefined
              ? "Its proxies go back to what they had."
              : `All have what they had before again, since ${clockText(Date.parse(returned))}.`}
          </p>
        </div>
      )}
    </article>
  );
}

/** `at`: 0 is the one that is under way, or was the last. */
function Wave({
  wave: { name, proxies, taken },
  at,
  isRunning,
}: {
  readonly wave: WaveReport;
  readonly at: number;
  readonly isRunning: boolean;
}) {
  const state = at < 0 || (at === 0 && !isRunning) ? "is-over" : at === 0 ? "is-now" : "is-next";
  const said = { "is-over": "over", "is-now": "now", "is-next": "to come" }[state];
  return (
    <li class={`wave ${state}`} aria-current={state === "is-now" ? "step" : undefined}>
      <b>{name}</b>
      <span>
        {countText(taken)} of {countText(proxies)}
      </span>
      <span class="is-muted">{said}</span>
    </li>
  );
}
