/** Ask what becomes of a request: a `curl` line as it was copied from somewhere, or a method and a URL. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { ListenerView } from "../../api.ts";
import { inert } from "../format/inert.ts";
import { usePage } from "../parts/page-context.ts";
import { Text } from "../parts/text.tsx";
import { AskerFields } from "./asker-fields.tsx";
import { ExplanationView } from "./explanation.tsx";

export function ExplainPanel() {
  const page = usePage();
  const explained = page.explained.value;
  const title = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    // The request that was asked about may stand far down in the list of tapped ones.
    if (explained !== undefined) {
      title.current?.scrollIntoView({ block: "nearest" });
    }
  }, [explained]);
  return (
    <section class="panel" aria-labelledby="request-title">
      <h2 id="request-title" ref={title}>
        Explain a request
      </h2>
      <form
        class="ask"
        onSubmit={(event) => {
          event.preventDefault();
          const text = page.question.peek().trim();
          if (text !== "") {
            void page.explain(text);
          }
        }}
      >
        <label for="question" class="spoken">
          A curl line, or a method and a URL
        </label>
        <textarea
          id="question"
          rows={2}
          placeholder={example(page.view.value?.listeners ?? [])}
          spellcheck={false}
          autocomplete="off"
          value={page.question.value}
          onInput={(event) => {
            page.question.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey) {
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }
          }}
        />
        <AskerFields />
        <button type="submit" class="primary">
          Explain
        </button>
      </form>
      <div role="status" class="explained">
        {explained !== undefined && explained.answer === undefined && <p class="is-muted">Asking…</p>}
        {explained?.answer !== undefined && "problem" in explained.answer && (
          <p class="is-bad problem">
            <Text of={explained.answer.problem} longest={2000} />
          </p>
        )}
        {explained?.answer !== undefined && "explanation" in explained.answer && (
          <ExplanationView explanation={explained.answer.explanation} text={explained.answer.text} />
        )}
      </div>
    </section>
  );
}

function example(listeners: readonly ListenerView[]): string {
  const domains = listeners.flatMap(({ hosts }) => hosts).flatMap((host) => host.domains.slice(0, 20));
  const [host = "host"] = domains
    .filter((domain) => !domain.includes("*"))
    .sort((a, b) => a.length - b.length);
  return `GET http://${inert(host, 60)}/, or curl …`;
}
