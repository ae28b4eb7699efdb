/**
 * What a page shows of a fleet: its roll-outs and its proxies, and the rules of the scope that most proxies are in, with the sums of
 * what those report. Whoever changes something needs what the HTTP interface asks for, the token of an operator.
 */

import { randomBytes } from "node:crypto";
import { ListenerError } from "../answers/explain/listener-error.ts";
import { RequestError } from "../answers/request/asked.ts";
import type { FleetEvent } from "../fleet/model/event.ts";
import { type FleetControl, FleetControlError } from "../fleet/model/fleet-control.ts";
import type { ServedScope } from "../fleet/model/served-scope.ts";
import { EventFeed } from "../http/event-feed.ts";
import type { StreamedEvent } from "../http/event-streams.ts";
import { HttpError } from "../http/http-error.ts";
import { packageRoot } from "../platform/package-root.ts";
import type {
  ExplainAnswer,
  ExplainQuestion,
  FleetChange,
  FleetView,
  HistoryView,
  LinesView,
  PageEvent,
  PageEvents,
  PendingView,
  RulesView,
  TapState,
} from "./api.ts";
import { explainAnswer } from "./explain-answer.ts";
import { fleetPageEvent } from "./fleet-event.ts";
import { fleetView } from "./fleet-view.ts";
import { linesView } from "./lines-view.ts";
import type { PageSource } from "./page-source.ts";
import { askedBy } from "./questions.ts";
import { type ServedView, servedView } from "./rules-view.ts";

/** A fleet, and what is served in the scope of most proxies; `undefined` before there are rules. */
export interface ShownFleet extends FleetControl {
  served(): Promise<ServedScope | undefined>;
}

export interface FleetPageOptions {
  readonly fleet: ShownFleet;
  /** As `Identity` says it of the HTTP interface: `undefined` where there are no tokens. */
  readonly mayChange: (token: string | undefined) => boolean | undefined;
}

/** However much happens at once, the fleet is told as it is then once a second. */
const TOLD_EVERY_MS = 1_000;

interface Shown {
  readonly number: number;
  readonly served: ServedScope;
  readonly view: ServedView;
}

interface Listener {
  tell(event: StreamedEvent): void;
  /** Ends the reports of the scope that was shown before. */
  gone: AbortController;
}

export class FleetPage implements PageSource {
  readonly #options: FleetPageOptions;
  readonly #listeners = new Set<Listener>();
  readonly #events = new EventFeed();
  /** Before the ids of events: those of another server are not of this one. */
  readonly #run = randomBytes(6).toString("base64url");
  readonly fleet = {
    view: (): FleetView => this.#view(),
    change: (change: FleetChange): void => this.#change(change),
  };
  #shown: Shown | undefined;
  #looking: Promise<void> | undefined;
  #pending: PendingView | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FleetPageOptions) {
    this.#options = options;
  }

  async rules(): Promise<RulesView> {
    await this.#look();
    const shown = this.#shown;
    if (shown === undefined) {
      return { ...NOTHING, version: packageRoot().version, ...(this.#pending && { pending: this.#pending }) };
    }
    const { number, served, view } = shown;
    return {
      generation: number,
      servedSince: served.seen,
      title: `scope ${served.scope}`,
      scope: served.scope,
      version: packageRoot().version,
      target: served.options.target,
      ...view,
      findings: served.findings.diagnostics,
      ...(this.#pending && { pending: this.#pending }),
    };
  }

  lines(file: number, from: number, to: number): LinesView {
    const source = this.#shown?.served.compilation.sources[file];
    if (this.#shown === undefined || source === undefined) {
      throw new HttpError(404, `there is no file ${file} in what is served`);
    }
    return { generation: this.#shown.number, ...linesView(source, from, to) };
  }

  history(rule: string, match: string | undefined): HistoryView {
    const { fleet } = this.#options;
    const history = fleet.live(this.#shown?.served.scope).history(rule, match);
    return { rule, ...(match !== undefined && { match }), ...history };
  }

  async explain(question: ExplainQuestion): Promise<ExplainAnswer> {
    try {
      const { request, at } = askedBy(question);
      await this.#look();
      const explanation = this.#shown?.served.explain(request, at);
      return explanation === undefined
        ? { problem: "no rules are served yet" }
        : explainAnswer(explanation, question);
    } catch (error) {
      if (error instanceof RequestError || error instanceof ListenerError) {
        return { problem: error.message };
      }
      throw error;
    }
  }

  tap(): TapState {
    throw new HttpError(409, "requests are sampled at one proxy: use sluice run, or sluice tap beside it");
  }

  apply(): void {
    throw new HttpError(409, "a fleet takes changes by its waves; promote begins the next one");
  }

  listen(tell: (event: StreamedEvent) => void, lastEvent: string | undefined): () => void {
    tell(streamed("fleet", this.#view()));
    tell(streamed("rules", { generation: this.#shown?.number ?? 0 }));
    tell(streamed("pending", this.#pending ?? null));
    const listener: Listener = { tell, gone: new AbortController() };
    this.#listeners.add(listener);
    const [run, last] = lastEvent?.split(".", 2) ?? [];
    const after = run === this.#run && /^\d{1,15}$/.test(last ?? "") ? Number(last) : 0;
    const stop = this.#events.listen(
      ({ id, data }) => tell({ kind: "event", data, id: `${this.#run}.${id}` }),
      after,
    );
    void this.#watch(listener);
    return () => {
      this.#listeners.delete(listener);
      listener.gone.abort();
      stop();
    };
  }

  /** Of whoever has the fleet: everything that happens in it. */
  tell(event: FleetEvent): void {
    const at = Date.now();
    const happened = fleetPageEvent(event, at);
    if (happened !== undefined) {
      this.#events.tell("event", happened);
    }
    if (event.kind === "rules" || event.kind === "serving") {
      this.#setPending(
        event.kind === "rules" && event.refused
          ? { since: at, state: "wrong", findings: event.findings.diagnostics, witnesses: [] }
          : undefined,
      );
    }
    if (this.#listeners.size > 0) {
      this.#tellSoon();
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#events.tell("event", { at: Date.now(), kind: "stopped", text: "stopped" } satisfies PageEvent);
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tellAll(streamed("fleet", this.#view()));
      void this.#look();
    }, TOLD_EVERY_MS);
    this.#timer.unref();
  }

  #setPending(pending: PendingView | undefined): void {
    if (pending !== this.#pending) {
      this.#pending = pending;
      this.#tellAll(streamed("pending", pending ?? null));
    }
  }

  #view(): FleetView {
    const { fleet, mayChange } = this.#options;
    return fleetView(fleet, mayChange("") !== undefined, Date.now());
  }

  #change({ action, token, why }: FleetChange): void {
    const { fleet, mayChange } = this.#options;
    if (mayChange(token) !== true) {
      throw mayChange(token) === undefined
        ? new HttpError(403, "the server was started without tokens; start it with --http-token-file")
        : new HttpError(403, "the token is not known");
    }
    try {
      if (action === "promote") {
        fleet.promote();
      } else {
        fleet.abort(why ?? "by an operator, on the page");
      }
    } catch (error) {
      throw error instanceof FleetControlError ? new HttpError(409, error.message) : error;
    }
  }

  /** Finds out what is served now: all who ask meanwhile wait for the same. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookNow(): Promise<void> {
    const before = this.#shown;
    const served = await this.#options.fleet.served();
    if (
      served === undefined ||
      (served.scope === before?.served.scope && served.revision === before.served.revision)
    ) {
      return;
    }
    this.#shown = {
      number: (before?.number ?? 0) + 1,
      served,
      view: servedView(served.compilation, served.resources),
    };
    this.#tellAll(streamed("rules", { generation: this.#shown.number }));
    if (served.scope !== before?.served.scope) {
      for (const listener of this.#listeners) {
        listener.gone.abort();
        listener.gone = new AbortController();
        void this.#watch(listener);
      }
    }
  }

  async #watch(listener: Listener): Promise<void> {
    const { signal } = listener.gone;
    await this.#look();
    const scope = this.#shown?.served.scope;
    if (scope === undefined || signal.aborted) {
      return;
    }
    try {
      for await (const update of this.#options.fleet.live(scope).watch(signal)) {
        if (update.kind === "report") {
          listener.tell(streamed("report", update.report));
        }
      }
    } catch (error) {
      // A scope that nobody is in any more: the next look finds another.
      if (!(error instanceof FleetControlError)) {
        throw error;
      }
    }
  }

  #tellAll(event: StreamedEvent): void {
    for (const { tell } of this.#listeners) {
      tell(event);
    }
  }
}

/** Before there are rules. */
const NOTHING: Omit<RulesView, "version"> = {
  generation: 0,
  servedSince: 0,
  title: "the fleet",
  scope: "*",
  target: "auto",
  counts: "none",
  files: [],
  rules: [],
  listeners: [],
  clusters: [],
  findings: [],
};

function streamed<K extends keyof PageEvents>(kind: K, data: PageEvents[K]): StreamedEvent {
  return { kind, data: JSON.stringify(data) };
}
