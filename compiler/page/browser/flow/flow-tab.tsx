/** The second view: what flows where, in three columns, moving as fast as it does. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { inert } from "../format/inert.ts";
import { percentText, rateText } from "../format/numbers.ts";
import { usePage } from "../parts/page-context.ts";
import { Text } from "../parts/text.tsx";
import { CalmRates } from "./calm-rates.ts";
import { bandPath, type Flow, type FlowBand, type FlowBox, layoutFlow } from "./flow-layout.ts";
import { FlowWays, placeText } from "./flow-links.ts";

/** The part of the width that a column of boxes takes; the bands have the rest. */
const COLUMN = 0.235;

export function FlowTab() {
  const page = usePage();
  const calm = useMemo(() => new CalmRates(), []);
  const box = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 1000, height: 600 });
  const looked = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      size.value = { width, height };
    });
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const view = page.view.value;
  const live = page.live.value;
  const ways = useMemo(() => view && new FlowWays(view), [view]);
  const links = useMemo(() => (ways === undefined ? [] : calm.take(ways.links(live))), [ways, live]);
  const { width, height } = size.value;
  const flow = useMemo(() => layoutFlow(links, Math.max(height - 4, 240)), [links, height]);
  return (
    <section class="flow" aria-labelledby="flow-title">
      <h2 id="flow-title" class="spoken">
        What flows where
      </h2>
      <div class="flow-heads" aria-hidden="true">
        <span>
          <span class="flow-within">Listener · </span>Host
        </span>
        <span>Rule</span>
        <span>Cluster</span>
      </div>
      <div class="flow-box" ref={box}>
        {flow.boxes.length === 0 ? (
          <p class="is-muted waiting">
            {view?.counts === "none"
              ? "Requests are not counted by rule with this target, so there is nothing to draw."
              : live.windowMs === 0
                ? "Measuring…"
                : "Nothing flows at the moment."}
          </p>
        ) : (
          <Picture
            flow={flow}
            width={width}
            looked={looked.value}
            look={(id) => {
              looked.value = id;
            }}
          />
        )}
      </div>
      <details class="flow-table">
        <summary>The same as a table</summary>
        <FlowTable flow={flow} />
      </details>
    </section>
  );
}

function Picture({
  flow,
  width,
  looked,
  look,
}: {
  readonly flow: Flow;
  readonly width: number;
  readonly looked: string | undefined;
  readonly look: (id: string | undefined) => void;
}) {
  const column = width * COLUMN;
  const lefts = [0, (width - column) / 2, width - column] as const;
  const seen = looked === undefined ? undefined : around(flow.bands, looked);
  return (
    <div class="flow-picture" style={{ height: `${flow.height}px` }}>
      <svg class="flow-bands" width={width} height={flow.height} aria-hidden="true">
        {flow.bands.map((band) => {
          const path = bandPath(band, lefts[band.gap] + column, lefts[band.gap + 1]!);
          const isDim = seen !== undefined && !seen.has(band.id);
          return (
            <g
              key={band.id}
              class={`${band.isTrouble ? "is-trouble" : ""} ${isDim ? "is-dim" : ""} ${seen?.has(band.id) ? "is-seen" : ""}`}
            >
              <path class="flow-band" d={path} stroke-width={band.width} />
              {lanesOf(band.width).map((off) => (
                <path
                  key={off}
                  class={`flow-moves speed-${speedOf(band.perSecond)}`}
                  d={bandPath(band, lefts[band.gap] + column, lefts[band.gap + 1]!, off)}
                  stroke-width={Math.min(Math.max(band.width, 1.2), 2)}
                />
              ))}
            </g>
          );
        })}
      </svg>
      {flow.boxes.map((one) => (
        <Box
          key={one.id}
          box={one}
          left={lefts[one.column]}
          width={column}
          flow={flow}
          looked={looked}
          look={look}
          isDim={looked !== undefined && looked !== one.id && !touches(flow.bands, seen, one.id)}
        />
      ))}
    </div>
  );
}

function Box({
  box,
  left,
  width,
  flow,
  looked,
  look,
  isDim,
}: {
  readonly box: FlowBox;
  readonly left: number;
  readonly width: number;
  readonly flow: Flow;
  readonly looked: string | undefined;
  readonly look: (id: string | undefined) => void;
  readonly isDim: boolean;
}) {
  const page = usePage();
  const { id, title, within, perSecond, top, height, find } = box;
  // Of what somebody looks at, a box tells how much of it comes through here.
  const through = looked === undefined || looked === id ? undefined : between(flow.bands, looked, id);
  return (
    <button
      type="button"
      class={`flow-node ${box.isTrouble ? "is-trouble" : ""} ${isDim ? "is-dim" : ""}`}
      style={{ transform: `translate(${left}px, ${top}px)`, width: `${width}px`, height: `${height}px` }}
      onMouseEnter={() => look(id)}
      onMouseLeave={() => look(undefined)}
      onFocus={() => look(id)}
      onBlur={() => look(undefined)}
      onClick={() => {
        if (find !== undefined) {
          page.filter.value = { text: find, flags: new Set() };
          page.tab.value = "rules";
        }
      }}
    >
      <span class="flow-title">
        {within !== undefined && <span class="flow-within">{inert(within, 60)} · </span>}
        <Text of={title} longest={120} />
      </span>
      <span class="number">
        {rateText(through ?? perSecond)}/s
        <span class="flow-part is-muted">
          {" "}
          {percentText(
            (through ?? perSecond) / (through === undefined ? flow.perSecond : boxRate(flow, looked!)),
          )}
        </span>
      </span>
    </button>
  );
}

function FlowTable({ flow }: { readonly flow: Flow }) {
  const titles = new Map(flow.boxes.map((box) => [box.id, placeText(box)]));
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">To</th>
          <th scope="col" class="number">
            Requests
          </th>
        </tr>
      </thead>
      <tbody>
        {flow.bands.map(({ id, from, to, perSecond }) => (
          <tr key={id}>
            <td>{inert(titles.get(from) ?? "")}</td>
            <td>{inert(titles.get(to) ?? "")}</td>
            <td class="number">{rateText(perSecond)}/s</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Bands that begin or end at a box. */
function around(bands: readonly FlowBand[], box: string): ReadonlySet<string> {
  return new Set(bands.filter(({ from, to }) => from === box || to === box).map(({ id }) => id));
}

function touches(bands: readonly FlowBand[], seen: ReadonlySet<string> | undefined, box: string): boolean {
  return bands.some(({ id, from, to }) => seen?.has(id) === true && (from === box || to === box));
}

function between(bands: readonly FlowBand[], a: string, b: string): number | undefined {
  return bands.find(({ from, to }) => (from === a && to === b) || (from === b && to === a))?.perSecond;
}

function boxRate(flow: Flow, box: string): number {
  return flow.boxes.find(({ id }) => id === box)?.perSecond ?? flow.perSecond;
}

/** Where in a band something moves, from its middle: side by side in a broad one. */
function lanesOf(width: number): readonly number[] {
  const lanes = Math.min(Math.max(Math.round(width / 16), 1), 9);
  return Array.from({ length: lanes }, (_, lane) => ((lane + 0.5) / lanes - 0.5) * width);
}

/** Few steps, so that nothing starts anew with each report. */
function speedOf(perSecond: number): number {
  return Math.min(Math.max(Math.round(Math.log10(perSecond + 1)) + 1, 1), 4);
}
