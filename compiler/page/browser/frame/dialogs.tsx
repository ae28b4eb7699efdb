/** What opens over the page: keys, the last events, one finding in full. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { JsonDiagnostic } from "../../../diagnostics/render/json.ts";
import { inert } from "../format/inert.ts";
import { clockText } from "../format/times.ts";
import { usePage } from "../parts/page-context.ts";
import { Text } from "../parts/text.tsx";
import type { Dialog } from "../state/page-state.ts";
import { shortcuts } from "./shortcuts.ts";

export function Dialogs() {
  const page = usePage();
  const dialog = page.dialog.value;
  const box = useRef<HTMLDialogElement>(null);
  // Before anything else happens in the page, so that what is open is what the state says.
  useLayoutEffect(() => {
    if (dialog !== undefined) {
      box.current?.showModal();
    } else {
      box.current?.close();
    }
  }, [dialog]);
  return (
    <dialog
      ref={box}
      class="dialog"
      aria-labelledby="dialog-title"
      onClose={() => {
        // It is told late: another dialog may have been opened since.
        if (!box.current?.open) {
          page.dialog.value = undefined;
        }
      }}
    >
      {dialog !== undefined && (
        <>
          <div class="dialog-head">
            <h2 id="dialog-title">{titleOf(dialog)}</h2>
            <button
              type="button"
              onClick={() => {
                page.dialog.value = undefined;
              }}
            >
              Close
            </button>
          </div>
          <div
            class="dialog-body"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys.
            tabIndex={0}
            role="group"
            aria-labelledby="dialog-title"
          >
            <Body dialog={dialog} />
          </div>
        </>
      )}
    </dialog>
  );
}

function titleOf(dialog: Dialog): string {
  switch (dialog.kind) {
    case "help":
      return "Keys";
    case "events":
      return "What changed";
    case "finding":
      return dialog.finding.code;
  }
}

function Body({ dialog }: { readonly dialog: Dialog }) {
  switch (dialog.kind) {
    case "help":
      return <Help />;
    case "events":
      return <Events />;
    case "finding":
      return <Finding finding={dialog.finding} />;
  }
}

function Help() {
  const page = usePage();
  return (
    <>
      <table class="keys">
        <thead class="spoken">
          <tr>
            <th scope="col">Keys</th>
            <th scope="col">What they do</th>
          </tr>
        </thead>
        <tbody>
          {shortcuts(page).map(({ keys, does }) => (
            <tr key={does}>
              <th scope="row">
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </th>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="is-muted">
        Shares stand with the interval in which the true one is with 99 % certainty. Rates are of the last
        report; totals count since Envoy started. Sluice {page.view.value?.version}, target{" "}
        {page.view.value?.target}.
      </p>
    </>
  );
}

function Events() {
  const page = usePage();
  const events = page.events.value.toReversed();
  if (events.length === 0) {
    return <p class="is-muted">Nothing since the page was opened.</p>;
  }
  return (
    <ol class="plain events">
      {events.map((event, index) => (
        <li key={`${event.at} ${index}`}>
          <span class="number is-muted">{clockText(event.at)}</span> <b>{event.kind}</b>
          <pre>{event.text.split("\n").map((line) => `${inert(line, 600)}\n`)}</pre>
          {event.findings?.map((finding, number) => (
            <Finding key={number} finding={finding} isShort />
          ))}
        </li>
      ))}
    </ol>
  );
}

function Finding({
  finding,
  isShort = false,
}: {
  readonly finding: JsonDiagnostic;
  readonly isShort?: boolean;
}) {
  const { code, level, message, help, file, line, istio, related = [] } = finding;
  return (
    <div class={`finding-full is-${level === "error" ? "bad" : level === "warning" ? "warn" : "plain"}`}>
      <p>
        <b>
          {level} {isShort && code}
        </b>{" "}
        <Text of={message} longest={4000} />
      </p>
      {help !== undefined && (
        <p>
          <Text of={help} longest={4000} />
        </p>
      )}
      {file !== undefined && (
        <p class="is-muted">
          <Text of={`${file}:${line ?? ""}`} />
          {istio !== undefined && `, as Istio's ${istio.join(", ")}`}
        </p>
      )}
      {related.map((other) => (
        <p key={`${other.file}:${other.line}:${other.column}`} class="is-muted">
          <Text of={`${other.file}:${other.line} ${other.message}`} longest={1000} />
        </p>
      ))}
      {!isShort && (
        <p class="is-muted">
          In a terminal: <code>sluice check --explain {code}</code>
        </p>
      )}
    </div>
  );
}
