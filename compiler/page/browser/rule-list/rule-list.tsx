/** The list of all rules: only the rows in sight are drawn. Arrow keys go from rule to rule. */

import { useComputed, useSignal } from "@preact/signals";
import type { TargetedKeyboardEvent } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { inert } from "../format/inert.ts";
import { Icon } from "../parts/icon.tsx";
import { usePage } from "../parts/page-context.ts";
import { Text } from "../parts/text.tsx";
import { type Row, rowHeight } from "../rules/rows.ts";
import { FindingRow } from "./finding-row.tsx";
import { HourRow } from "./hour-row.tsx";
import { LineRow } from "./line-row.tsx";
import { offsetsOf, rowsInSight, scrollTo } from "./row-window.ts";
import { RuleRow } from "./rule-row.tsx";

/** Pixels that are drawn beyond what is seen, so that scrolling finds them there. */
const BEYOND = 300;

export function RuleList() {
  const page = usePage();
  const box = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(800);
  const offsets = useComputed(() => {
    const isNarrow = page.isNarrow.value;
    return offsetsOf(page.rows.value, (row) => rowHeight(row, isNarrow));
  });
  // Numbers, which are the same for most pixels that are scrolled: nothing is drawn then.
  const first = useComputed(() => rowsInSight(offsets.value, top.value, height.value, BEYOND).from);
  const end = useComputed(() => rowsInSight(offsets.value, top.value, height.value, BEYOND).to);
  const currentRow = useComputed(() => {
    const current = page.current.value;
    return page.rows.value.findIndex((row) => row.kind === "rule" && row.group.id === current);
  });

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      height.value = entry!.contentRect.height;
    });
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);

  // What becomes the current rule comes into sight, and takes the keys with it if they are here.
  useEffect(
    () =>
      page.current.subscribe(() => {
        const index = currentRow.peek();
        if (index >= 0 && box.current !== null) {
          const to = scrollTo(offsets.peek(), index, top.peek(), height.peek());
          if (to !== undefined) {
            box.current.scrollTop = to;
            top.value = box.current.scrollTop;
          }
        }
      }),
    [],
  );

  const rows = page.rows.value;
  const from = first.value;
  const to = end.value;
  const shown = Array.from({ length: to - from }, (_, index) => from + index);
  // A row that has the focus stays, however far it is scrolled away: keys would be lost with it.
  if (currentRow.value >= 0 && (currentRow.value < from || currentRow.value >= to)) {
    shown.push(currentRow.value);
  }

  const move = (by: number) => {
    const next = nextRule(rows, currentRow.peek() < 0 && by > 0 ? from - 1 : currentRow.peek(), by);
    if (next !== undefined) {
      page.current.value = next.group.id;
      requestAnimationFrame(() => focusRule(box.current, next.group.id));
    }
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const current = rows[currentRow.peek()];
    switch (event.key) {
      case "ArrowDown":
      case "j":
        move(1);
        break;
      case "ArrowUp":
      case "k":
        move(-1);
        break;
      case "ArrowRight":
      case "ArrowLeft":
        if (current?.kind === "rule") {
          page.toggle(current.group.id, event.key === "ArrowRight");
        }
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  return (
    <div
      id="rule-list"
      class="rule-list"
      role="table"
      aria-label="Rules as they are written, and what they do"
      aria-rowcount={rows.length + 1}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys.
      tabIndex={0}
      ref={box}
      onKeyDown={onKeyDown}
      onScroll={(event) => {
        top.value = event.currentTarget.scrollTop;
      }}
    >
      <div role="rowgroup" class="rule-list-head">
        <div role="row" aria-rowindex={1} class="row row-head">
          <div role="columnheader">Rule, as written</div>
          <div role="columnheader">Last hit</div>
          <div role="columnheader">Requests</div>
        </div>
      </div>
      <div role="rowgroup" class="rule-list-body" style={{ height: `${offsets.value[rows.length]}px` }}>
        {shown.map((index) => {
          const row = rows[index]!;
          return (
            <RowSlot
              key={rowId(row)}
              row={row}
              index={index}
              top={offsets.value[index]!}
              height={rowHeight(row, page.isNarrow.value)}
              isCurrent={index === currentRow.value}
            />
          );
        })}
      </div>
    </div>
  );
}

/** A row at its place. What is in it is drawn again when it changes, and not whenever somebody scrolls. */
function RowSlot({
  row,
  index,
  top,
  height,
  isCurrent,
}: {
  readonly row: Row;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly isCurrent: boolean;
}) {
  const body = useMemo(() => <RowBody row={row} />, [row]);
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      class={`row row-${row.kind} ${isCurrent ? "is-current" : ""}`}
      style={{ transform: `translateY(${top}px)`, height: `${height}px` }}
    >
      {body}
    </div>
  );
}

function RowBody({ row }: { readonly row: Row }) {
  const page = usePage();
  switch (row.kind) {
    case "file":
      return (
        <div role="cell" class="file-cell">
          <h3>
            <Text of={page.view.value?.files[row.file]?.path ?? ""} />
          </h3>
        </div>
      );
    case "between": {
      const { id, from, to, open } = row;
      return (
        <div role="cell" class="between-cell">
          <button type="button" class="between" aria-expanded={open} onClick={() => page.toggle(id)}>
            <Icon name="fold" />
            {`${from === to ? `line ${from}` : `lines ${from}–${to}`}, without rules`}
            <span class="spoken"> of {inert(page.view.value?.files[row.file]?.path ?? "")}</span>
          </button>
        </div>
      );
    }
    case "rule":
      return <RuleRow group={row.group} open={row.open} />;
    case "hour":
      return <HourRow group={row.group} />;
    case "line":
      return <LineRow {...row} />;
    case "finding":
      return <FindingRow finding={row.finding} />;
  }
}

function rowId(row: Row): string {
  switch (row.kind) {
    case "file":
      return `f${row.file}`;
    case "between":
      return row.id;
    case "rule":
      return row.group.id;
    case "hour":
      return `hour ${row.group.id}`;
    case "line":
      return `${row.file}:${row.line}`;
    case "finding":
      return `${row.finding.code} ${row.finding.file}:${row.finding.line}:${row.finding.column} ${row.finding.message}`;
  }
}

function nextRule(
  rows: readonly Row[],
  from: number,
  by: number,
): Extract<Row, { kind: "rule" }> | undefined {
  for (let index = from + by; index >= 0 && index < rows.length; index += by) {
    const row = rows[index]!;
    if (row.kind === "rule") {
      return row;
    }
  }
  return undefined;
}

function focusRule(box: HTMLElement | null, id: string): void {
  for (const button of box?.querySelectorAll<HTMLElement>(".rule-fold") ?? []) {
    if (button.dataset.rule === id) {
      button.focus({ preventScroll: true });
    }
  }
}
