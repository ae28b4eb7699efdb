/**
 * What a page is of: one running Envoy (`SessionPage`), or a part of a fleet. The server asks it and knows nothing behind it. What
 * cannot be answered is thrown as an `HttpError`.
 */

import type { StreamedEvent } from "../http/event-streams.ts";
import type {
  ExplainAnswer,
  ExplainQuestion,
  FleetChange,
  FleetView,
  HistoryView,
  LinesView,
  RulesView,
  TapQuestion,
  TapState,
} from "./api.ts";

export interface FleetPages {
  view(): FleetView;
  change(change: FleetChange): void;
}

export interface PageSource {
  rules(): Promise<RulesView>;
  /** `file` is an index in `RulesView.files`; lines count from 1. */
  lines(file: number, from: number, to: number): LinesView;
  /** Both are labels. */
  history(rule: string, match: string | undefined): HistoryView;
  explain(question: ExplainQuestion): Promise<ExplainAnswer>;
  tap(question: TapQuestion): TapState | Promise<TapState>;
  /** The edit that is kept back is taken. */
  apply(): void | Promise<void>;
  /** Of a fleet alone. */
  readonly fleet?: FleetPages;
  /**
   * Tells what there is to know now, and then everything as it happens: events named as in `PageEvents`. `lastEvent` is the id of the
   * last one that the listener has. Gives the way to end that; with the last listener goes what it costs to read an Envoy.
   */
  listen(listener: (event: StreamedEvent) => void, lastEvent: string | undefined): () => void;
}
