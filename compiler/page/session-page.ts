/**
 * What a page shows of one running Envoy: the rules that serve, from what the session tells, and what is asked about them. Everything
 * that it answers is of the generation that serves, whatever the files say meanwhile.
 */

import { randomBytes } from "node:crypto";
import { Explainer } from "../answers/explain/explainer.ts";
import { ListenerError } from "../answers/explain/listener-error.ts";
import { RequestError } from "../answers/request/asked.ts";
import type { Compilation } from "../compile.ts";
import type { JsonDiagnostic } from "../diagnostics/render/json.ts";
import { unreadResources } from "../front/istio/unread/unread-resources.ts";
import { EventFeed } from "../http/event-feed.ts";
import type { StreamedEvent } from "../http/event-streams.ts";
import { HttpError } from "../http/http-error.ts";
import type { LiveRules } from "../observe/live.ts";
import type { HeldPreview } from "../observe/preview/held-preview.ts";
import type { ChangePreview } from "../observe/preview/preview.ts";
import type { Tap } from "../observe/tap/tap.ts";
import { packageRoot } from "../platform/package-root.ts";
import type { Session } from "../run/session.ts";
import type { SessionEvent } from "../run/session-event.ts";
import type { Workspace } from "../workspace.ts";
import type {
  ExplainAnswer,
  ExplainQuestion,
  HistoryView,
  LinesView,
  PageEvent,
  PageEvents,
  PendingView,
  RulesView,
  TapQuestion,
  TapState,
} from "./api.ts";
import { explainAnswer } from "./explain-answer.ts";
import { linesView } from "./lines-view.ts";
import { pageEventOf } from "./page-event.ts";
import type { PageSource } from "./page-source.ts";
import { PageTap } from "./page-tap.ts";
import { pendingAfter } from "./pending.ts";
import { askedBy } from "./questions.ts";
import { type ServedView, servedView } from "./rules-view.ts";

export interface SessionPageOptions {
  readonly workspace: Workspace;
  /** Of the workspace; may be left out where it is the only one. */
  readonly proxy?: string;
  /** What the session starts with. */
  readonly compilation: Compilation;
  /** Asks Envoy for as long as somebody looks. */
  readonly live: Pick<LiveRules, "watch" | "history">;
  /** By which its requests can be sampled. Absent: they cannot. */
  readonly tap?: Pick<Tap, "open"> | undefined;
  /** What a change that is held would do. Absent: nothing is held. */
  readonly preview?: Pick<HeldPreview, "listen"> | undefined;
}

/** Rules; those of more are shown before they are checked, and again after. */
const CHECKED_AT_ONCE = 1000;

/** What is made of one generation when somebody asks for it. */
interface Generation {
  readonly number: number;
  readonly since: number;
  readonly compilation: Compilation;
  served?: ServedView;
  findings?: readonly JsonDiagnostic[];
  explainer?: Explainer;
}

export class SessionPage implements PageSource {
  readonly #session: Pick<Session, "apply">;
  readonly #options: SessionPageOptions;
  readonly #listeners = new Set<(event: StreamedEvent) => void>();
  readonly #events = new EventFeed();
  /** Before the ids of events: those of another run are not of this one. */
  readonly #run = randomBytes(6).toString("base64url");
  readonly #tap: PageTap;
  readonly #stopListening: () => void;
  #generation: Generation;
  #pending: PendingView | undefined;
  #hasEnded = false;

  constructor(session: Pick<Session, "listen" | "apply">, options: SessionPageOptions) {
    this.#session = session;
    this.#options = options;
    this.#generation = { number: 1, since: 0, compilation: options.compilation };
    this.#tap = new PageTap(options.tap, {
      onTapped: (tapped) => this.#tell("tap", tapped),
      onState: (state) => this.#tell("tapState", state),
    });
    const stopEvents = session.listen((event) => this.#on(event));
    const stopPreview = options.preview?.listen((made) => this.#onPreview(made));
    this.#stopListening = () => {
      stopEvents();
      stopPreview?.();
    };
  }

  async rules(): Promise<RulesView> {
    const { workspace, proxy } = this.#options;
    const generation = this.#generation;
    const { compilation } = generation;
    const { target, ruleCounters } = workspace.options(proxy);
    generation.served ??= servedView(compilation, workspace.resourcesOf(compilation), ruleCounters);
    if (generation.findings === undefined) {
      if (generation.served.rules.length <= CHECKED_AT_ONCE) {
        this.#check(generation);
      } else {
        setImmediate(() => this.#checkLater(generation));
      }
    }
    return {
      generation: generation.number,
      servedSince: generation.since,
      title: "this Envoy",
      version: packageRoot().version,
      target,
      ...generation.served,
      findings: generation.findings ?? [],
      ...(this.#pending && { pending: this.#pending }),
    };
  }

  lines(file: number, from: number, to: number): LinesView {
    const source = this.#generation.compilation.sources[file];
    if (source === undefined) {
      throw new HttpError(404, `there is no file ${file} in generation ${this.#generation.number}`);
    }
    return { generation: this.#generation.number, ...linesView(source, from, to) };
  }

  history(rule: string, match: string | undefined): HistoryView {
    return { rule, ...(match !== undefined && { match }), ...this.#options.live.history(rule, match) };
  }

  async explain(question: ExplainQuestion): Promise<ExplainAnswer> {
    try {
      const { request, at } = askedBy(question);
      return explainAnswer(this.#explainer().explain(request, at), question);
    } catch (error) {
      if (error instanceof RequestError || error instanceof ListenerError) {
        return { problem: error.message };
      }
      throw error;
    }
  }

  tap(question: TapQuestion): Promise<TapState> {
    if (question.percent > 0 && this.#listeners.size === 0) {
      throw new HttpError(409, "no client listens: requests are sampled for those that read /api/live");
    }
    return this.#tap.ask(question);
  }

  apply(): void {
    if (!this.#session.apply()) {
      throw new HttpError(409, "no change waits to be applied");
    }
  }

  listen(listener: (event: StreamedEvent) => void, lastEvent: string | undefined): () => void {
    listener(streamed("rules", { generation: this.#generation.number }));
    listener(streamed("pending", this.#pending ?? null));
    listener(streamed("tapState", this.#tap.state));
    this.#listeners.add(listener);
    const [run, last] = lastEvent?.split(".", 2) ?? [];
    const after = run === this.#run && /^\d{1,15}$/.test(last ?? "") ? Number(last) : 0;
    const stop = this.#events.listen(
      ({ id, data }) => listener({ kind: "event", data, id: `${this.#run}.${id}` }),
      after,
    );
    const gone = new AbortController();
    void this.#watch(listener, gone.signal);
    return () => {
      gone.abort();
      stop();
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0 && this.#tap.state.percent > 0) {
        void this.#tap.ask({ percent: 0 });
      }
    };
  }

  /** The last that is told is that it has ended, and `why` if the session has not said so. */
  close(why = "stopped"): void {
    this.#stopListening();
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#events.tell("event", { at: Date.now(), kind: "stopped", text: why } satisfies PageEvent);
    }
  }

  async #watch(listener: (event: StreamedEvent) => void, signal: AbortSignal): Promise<void> {
    for await (const update of this.#options.live.watch(signal)) {
      if (update.kind === "report") {
        listener(streamed("report", update.report));
      } else {
        const { since, why } = update;
        listener(streamed("silent", { since, why }));
      }
    }
  }

  #on(event: SessionEvent): void {
    const at = Date.now();
    if (event.kind === "serving") {
      this.#serve({ ...this.#generation, since: at, compilation: event.compilation });
    } else if (event.kind === "reloaded") {
      this.#serve({ number: this.#generation.number + 1, since: at, compilation: event.compilation });
    }
    const happened = pageEventOf(event, at);
    if (happened !== undefined) {
      this.#events.tell("event", happened);
      this.#hasEnded = happened.kind === "stopped";
    }
    const pending = pendingAfter(this.#pending, event, at);
    if (pending !== this.#pending) {
      this.#pending = pending;
      this.#tell("pending", pending ?? null);
    }
  }

  #onPreview(made: ChangePreview | undefined): void {
    if (made !== undefined && this.#pending?.state === "hold") {
      const { witnesses, replay } = made;
      this.#pending = { ...this.#pending, witnesses, ...(replay !== undefined && { replay }) };
      this.#tell("pending", this.#pending);
    }
  }

  #serve(generation: Generation): void {
    this.#generation = generation;
    this.#tell("rules", { generation: generation.number });
  }

  #check(generation: Generation): void {
    const { workspace, proxy } = this.#options;
    generation.findings = workspace.checkCompiled(generation.compilation, proxy).diagnostics;
  }

  /** While rules are checked nobody is answered, so what can be shown is shown before. */
  #checkLater(generation: Generation): void {
    if (generation === this.#generation && generation.findings === undefined) {
      this.#check(generation);
      this.#tell("rules", { generation: generation.number });
    }
  }

  #explainer(): Explainer {
    const { workspace, proxy } = this.#options;
    const generation = this.#generation;
    const { compilation } = generation;
    const options = workspace.options(proxy);
    generation.explainer ??= new Explainer(
      compilation.config,
      unreadResources(workspace.resourcesOf(compilation), options),
    );
    return generation.explainer;
  }

  #tell<K extends keyof PageEvents>(kind: K, data: PageEvents[K]): void {
    if (this.#listeners.size > 0) {
      const event = streamed(kind, data);
      for (const listener of this.#listeners) {
        listener(event);
      }
    }
  }
}

function streamed<K extends keyof PageEvents>(kind: K, data: PageEvents[K]): StreamedEvent {
  return { kind, data: JSON.stringify(data) };
}
