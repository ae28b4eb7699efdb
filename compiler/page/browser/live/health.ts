/** Whether it is well, in words: the one sentence that the page begins with. */

import type { PageEvent, PageEvents, PendingView } from "../../api.ts";

export type Tone = "good" | "warn" | "bad" | "plain";

export interface Health {
  readonly tone: Tone;
  readonly words: string;
}

/** How the page stands to its server. */
export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "lost"; readonly since: number }
  | { readonly kind: "refused"; readonly problem: string };

export function healthOf(
  connection: Connection,
  silent: PageEvents["silent"] | undefined,
  events: readonly PageEvent[],
  pending: PendingView | null,
): Health {
  switch (connection.kind) {
    case "connecting":
      return { tone: "plain", words: "Connecting" };
    case "lost":
      return { tone: "bad", words: "Sluice does not answer; old numbers" };
    case "refused":
      return { tone: "bad", words: connection.problem };
    case "live":
      return silent === undefined || events.at(-1)?.kind === "stopped"
        ? ofProxy(events.at(-1)?.kind, pending)
        : { tone: "bad", words: "Envoy does not answer; old numbers" };
  }
}

function ofProxy(last: PageEvent["kind"] | undefined, pending: PendingView | null): Health {
  switch (last) {
    case "stopped":
      return { tone: "bad", words: "Envoy is gone" };
    case "draining":
      return { tone: "warn", words: "Envoy drains and ends" };
  }
  if (pending?.state === "wrong" || (last === "refused" && pending !== null)) {
    return { tone: "warn", words: "Serving; the last edit has errors" };
  }
  if (pending?.state === "hold") {
    return { tone: "warn", words: "Serving; an edit waits for you" };
  }
  if (pending?.state === "applying") {
    return { tone: "plain", words: "Serving; an edit is being applied" };
  }
  switch (last) {
    case "refused":
      return { tone: "warn", words: "Serving; the last edit has errors" };
    case "rejected":
      return { tone: "warn", words: "Serving; Envoy rejected the last edit" };
    case "failed":
      return { tone: "bad", words: "The last change failed; trying again" };
    case "blocked":
      return { tone: "warn", words: "Serving; the last edit is blocked" };
    case "held":
      return { tone: "warn", words: "Serving; an edit waits for you" };
    default:
      return { tone: "good", words: "Serving" };
  }
}
