/** The frame of the page: header, what waits, the views as tabs. */

import type { TargetedKeyboardEvent } from "preact";
import { PendingEdit } from "../edit/pending-edit.tsx";
import { PageContext, usePage } from "../parts/page-context.ts";
import type { PageState } from "../state/page-state.ts";
import { Dialogs } from "./dialogs.tsx";
import { Header } from "./header.tsx";
import { tabsOf } from "./tabs.ts";

export function App({ page }: { readonly page: PageState }) {
  return (
    <PageContext.Provider value={page}>
      <Header />
      <Main />
      <Dialogs />
    </PageContext.Provider>
  );
}

function Main() {
  const page = usePage();
  const tabs = tabsOf(page);
  const tab = tabs.find(({ id }) => id === page.tab.value) ?? tabs[0]!;
  const problem = page.problem.value;
  return (
    <main class={`main ${page.isOld.value ? "is-old" : ""}`}>
      <PendingEdit />
      {problem !== undefined && (
        <p class="banner is-bad" role="alert">
          {problem}{" "}
          <button
            type="button"
            onClick={() => {
              page.problem.value = undefined;
            }}
          >
            Dismiss
          </button>
        </p>
      )}
      <div class="tabs" role="tablist" aria-label="Views" onKeyDown={(event) => moveTab(page, event)}>
        {tabs.map(({ id, title }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`tab-${id}`}
            aria-selected={id === tab.id}
            aria-controls="view"
            tabIndex={id === tab.id ? 0 : -1}
            onClick={() => {
              page.tab.value = id;
            }}
          >
            {title}
          </button>
        ))}
      </div>
      <div class={`view view-${tab.id}`} id="view" role="tabpanel" aria-labelledby={`tab-${tab.id}`}>
        <tab.Body />
      </div>
    </main>
  );
}

function moveTab(page: PageState, event: TargetedKeyboardEvent<HTMLDivElement>): void {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by !== undefined) {
    const tabs = tabsOf(page);
    const at = tabs.findIndex(({ id }) => id === page.tab.peek());
    const next = tabs[(at + by + tabs.length) % tabs.length]!;
    page.tab.value = next.id;
    event.preventDefault();
    document.getElementById(`tab-${next.id}`)?.focus();
  }
}
