/** A session that somebody shows, on a page too if that is wanted: it runs until it is told to stop, and what shows it is closed with it. */

import {
  type Compilation,
  openPage,
  type Page,
  rulesOf,
  Session,
  type SessionEvent,
  Tap,
  type Workspace,
} from "../../compiler/index.ts";

/** Who watches a session, says what happens, and tries what the rules promise. */
export interface Show {
  /** Whether all that was tried was as it should be; unknown until it was. */
  readonly obeyed: boolean | undefined;
  tell(event: SessionEvent): void;
  /** Where the page is, before anything else is said; of a show that has one. */
  readonly page?: ((url: string) => void) | undefined;
  close(): Promise<void>;
}

export interface ShowOptions {
  readonly workspace: Workspace;
  readonly compilation: Compilation;
  readonly show: Show;
  /** Everything is tried once, and then it ends; else changed rules are taken up. */
  readonly once: boolean;
  /** Removed with Envoy, should this process be killed. */
  readonly folder: string;
  /** Ends the session; aborted when the session has ended by itself. */
  readonly stop: AbortController;
}

/** Whether what was seen fits the rules; without `once`, that is not asked. */
export async function runShown(options: ShowOptions): Promise<boolean> {
  const { workspace, compilation, show, once, folder, stop } = options;
  const tap = show.page === undefined ? undefined : await Tap.create();
  const session = new Session({
    rules: rulesOf(workspace),
    compilation,
    watch: !once,
    // Those who ask end with it.
    drainMs: 0,
    temporaryFolders: [folder],
    methods: tap === undefined ? [] : [tap.method],
    onEvent: (event) => show.tell(event),
  });
  tap?.attach(session);
  const page = await pageOf(session, tap, options);
  stop.signal.addEventListener("abort", () => void session.stop());
  if (stop.signal.aborted) {
    void session.stop();
  }
  try {
    await session.run();
  } finally {
    stop.abort();
    await page?.close();
    await show.close();
    await workspace.dispose();
  }
  return !once || show.obeyed === true;
}

async function pageOf(
  session: Session,
  tap: Tap | undefined,
  { workspace, compilation, show }: ShowOptions,
): Promise<Page | undefined> {
  if (show.page === undefined) {
    return undefined;
  }
  const onProblem = (line: string) => console.error(line);
  const page = await openPage(session, { workspace, compilation, tap, onProblem });
  show.page(page.url);
  return page;
}
