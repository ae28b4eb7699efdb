/** The stream of what happens. Breaks are said, and mended by asking again with growing pauses. */

import type { PageEvents } from "../../api.ts";
import { address } from "./page-address.ts";
import { PageProblem } from "./page-server.ts";
import type { PageState } from "./page-state.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;
/** Tapped requests are shown together, so that 200 a second are five pictures and not 200. */
const TAP_TOGETHER_MS = 200;

/** Connects, and goes on connecting for as long as the page is open. */
export function follow(page: PageState): void {
  let pause = FIRST_PAUSE_MS;
  let waiting: PageEvents["tap"][] = [];

  const connect = () => {
    const stream = new EventSource(address("api/live"), { withCredentials: true });
    const on = <K extends keyof PageEvents>(name: K, take: (data: PageEvents[K]) => void) => {
      stream.addEventListener(name, ({ data }: MessageEvent<string>) => take(JSON.parse(data)));
    };
    stream.addEventListener("open", () => {
      pause = FIRST_PAUSE_MS;
      page.begin();
    });
    stream.addEventListener("error", () => {
      // Another one is opened by ourselves: the browser gives up for good when it is answered with an error.
      stream.close();
      if (page.connection.peek().kind !== "lost") {
        page.connection.value = { kind: "lost", since: page.now.peek() };
      }
      // A stream does not say why it was refused.
      void loadRules();
      setTimeout(connect, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    });
    on("report", (report) => page.report(report));
    on("event", (event) => page.event(event));
    on("silent", (silent) => {
      page.silent.value = silent;
    });
    on("rules", () => void loadRules());
    on("pending", (pending) => {
      page.pending.value = pending;
    });
    on("fleet", (fleet) => {
      page.fleet.value = fleet;
    });
    on("tapState", (state) => {
      page.tap.value = state;
    });
    on("tap", (request) => {
      if (waiting.push(request) === 1) {
        setTimeout(() => {
          page.sampled(waiting);
          waiting = [];
        }, TAP_TOGETHER_MS);
      }
    });
  };

  let loading = false;
  let isStale = false;
  const loadRules = async () => {
    isStale = true;
    if (loading) {
      return;
    }
    loading = true;
    try {
      // What changes meanwhile is asked for again.
      while (isStale) {
        isStale = false;
        await page.loadRules();
      }
    } catch (error) {
      if (error instanceof PageProblem && error.isForGood) {
        page.connection.value = { kind: "refused", problem: error.message };
      }
    } finally {
      loading = false;
    }
  };

  connect();
}
