/**
 * Everything that the page knows and shows, in signals: what the server said, and what somebody here has chosen. A drawn
 * part reads the signals it needs, and is drawn again when they change. Belongs to one page; nothing of it is in a module.
 */

import { computed, signal } from "@preact/signals";
import type { JsonDiagnostic } from "../../../diagnostics/render/json.ts";
import type { TappedRequest } from "../../../observe/tapped-request.ts";
import type {
  AskingClient,
  ExplainAnswer,
  FleetChange,
  FleetView,
  PageEvent,
  PageEvents,
  PendingView,
  RulesView,
  TapState,
} from "../../api.ts";
import { type Connection, healthOf } from "../live/health.ts";
import { fromFirst, mergeReport, NOTHING_YET } from "../live/live-state.ts";
import { RateHistory } from "../live/rate-history.ts";
import { HoursCache } from "../rules/hours-cache.ts";
import { LinesCache } from "../rules/lines-cache.ts";
import { makeRows } from "../rules/rows.ts";
import { byTraffic, filterGroups, isFiltered, type RuleFilter } from "../rules/rule-filter.ts";
import { groupRules, type RuleGroup } from "../rules/rule-group.ts";
import { type PageServer, problemText } from "./page-server.ts";

/** As many of what comes by as somebody may still look at. */
const TAPPED_KEPT = 200;
const EVENTS_KEPT = 100;
/** Up to so many lines of rules they are all unfolded at first. */
const UNFOLDED_LINES = 400;
/** How long the order by traffic stays, so that rows do not jump about, in reports. */
const ORDER_STAYS = 5;

export type Dialog =
  | { readonly kind: "help" }
  | { readonly kind: "events" }
  | { readonly kind: "finding"; readonly finding: JsonDiagnostic };

export interface Explained {
  readonly asked: string;
  /** Absent while the server thinks. */
  readonly answer?: ExplainAnswer;
}

export class PageState {
  readonly server: PageServer;
  readonly connection = signal<Connection>({ kind: "connecting" });
  readonly view = signal<RulesView | undefined>(undefined);
  readonly live = signal(NOTHING_YET);
  /** Envoy does not answer Sluice: what is shown is old. */
  readonly silent = signal<PageEvents["silent"] | undefined>(undefined);
  readonly events = signal<readonly PageEvent[]>([]);
  readonly pending = signal<PendingView | null>(null);
  /** Of a page of a fleet. */
  readonly fleet = signal<FleetView | undefined>(undefined);
  readonly tap = signal<TapState>({ percent: 0, dropped: 0 });
  readonly tapped = signal<readonly TappedRequest[]>([]);
  /** What the last question to the server ended in, if in nothing good. */
  readonly problem = signal<string | undefined>(undefined);

  readonly tab = signal("rules");
  readonly dialog = signal<Dialog | undefined>(undefined);
  readonly filter = signal<RuleFilter>({ text: "", flags: new Set() });
  readonly sort = signal<"file" | "traffic">("file");
  readonly open = signal<ReadonlySet<string>>(new Set());
  /** The rule that arrow keys move from, and that something else has pointed at. */
  readonly current = signal<string | undefined>(undefined);
  readonly question = signal("");
  /** Who asks it. What was typed is kept for as long as the page is open, and nowhere else. */
  readonly asker = { from: signal(""), jwt: signal(""), claims: signal("") };
  readonly explained = signal<Explained | undefined>(undefined);
  readonly isNarrow = signal(false);

  readonly history = new RateHistory();
  readonly hours = new HoursCache((rule, match) => this.server.history(rule, match));
  /** Made anew with each `view`: another generation has other lines. */
  readonly lines = computed(() => {
    const generation = this.view.value?.generation ?? 0;
    return new LinesCache(generation, (file, from, to) => this.server.lines(file, from, to));
  });
  readonly groups = computed(() => (this.view.value === undefined ? [] : groupRules(this.view.value)));
  readonly health = computed(() =>
    healthOf(this.connection.value, this.silent.value, this.events.value, this.pending.value),
  );
  /** Whether numbers are those of a while ago. */
  readonly isOld = computed(() => this.connection.value.kind !== "live" || this.silent.value !== undefined);
  /** The time there, which ages are counted from: that of the last report. */
  readonly now = computed(() => Math.max(this.live.value.at, this.events.value.at(-1)?.at ?? 0));
  readonly shownGroups = computed((): readonly RuleGroup[] => {
    const filter = this.filter.value;
    // What the traffic decides is looked up again with each report, the rest is not.
    const found = filterGroups(
      this.groups.value,
      filter,
      filter.flags.size > 0 ? this.live.value : this.live.peek(),
    );
    if (this.sort.value === "file") {
      return found;
    }
    this.#orderTick.value;
    return byTraffic(found, this.live.peek());
  });
  /** Whether all rules are shown in the order of their files, so that what is between them has a place. */
  readonly isAsWritten = computed(() => this.sort.value === "file" && !isFiltered(this.filter.value));
  readonly rows = computed(() => {
    const view = this.view.value;
    return view === undefined
      ? []
      : makeRows({
          view,
          groups: this.shownGroups.value,
          asWritten: this.isAsWritten.value,
          open: this.open.value,
        });
  });
  readonly #byId = computed(() => new Map(this.groups.value.map((group) => [group.view.id, group])));
  readonly #orderTick = computed(() => Math.floor(this.#reports.value / ORDER_STAYS));
  readonly #reports = signal(0);
  #isFirst = true;
  #asked = 0;

  constructor(server: PageServer) {
    this.server = server;
  }

  /** A new stream begins: its first report has everything. */
  begin(): void {
    this.#isFirst = true;
    this.connection.value = { kind: "live" };
    this.silent.value = undefined;
    this.events.value = [];
  }

  report(report: PageEvents["report"]): void {
    this.silent.value = undefined;
    if (this.#isFirst) {
      this.#isFirst = false;
      this.live.value = fromFirst(report);
    } else {
      this.live.value = mergeReport(this.live.peek(), report);
    }
    this.history.push(this.live.peek());
    this.#reports.value++;
  }

  event(event: PageEvent): void {
    this.events.value = [...this.events.peek(), event].slice(-EVENTS_KEPT);
  }

  sampled(requests: readonly TappedRequest[]): void {
    this.tapped.value = [...requests.toReversed(), ...this.tapped.peek()].slice(0, TAPPED_KEPT);
  }

  /** Asks for what is served, and unfolds it where it is short enough to be read at once. */
  async loadRules(): Promise<void> {
    const isFirst = this.view.peek() === undefined;
    const view = await this.server.rules();
    this.view.value = view;
    this.pending.value = view.pending ?? null;
    const lines = view.files.reduce((sum, file) => sum + file.lines, 0);
    if (isFirst && lines <= UNFOLDED_LINES) {
      this.open.value = new Set(this.groups.peek().map(({ id }) => id));
    }
  }

  toggle(id: string, isOpen = !this.open.peek().has(id)): void {
    const open = new Set(this.open.peek());
    if (isOpen) {
      open.add(id);
    } else {
      open.delete(id);
    }
    this.open.value = open;
  }

  /** Shows a rule in the list, wherever somebody is. */
  show(group: RuleGroup): void {
    this.tab.value = "rules";
    if (!this.shownGroups.peek().includes(group)) {
      this.filter.value = { text: "", flags: new Set() };
    }
    this.toggle(group.id, true);
    this.current.value = group.id;
  }

  groupOf(rule: string | undefined): RuleGroup | undefined {
    return rule === undefined ? undefined : this.#byId.value.get(rule);
  }

  /** The rule that stands at a place. */
  groupAt(path: string | undefined, line: number | undefined): RuleGroup | undefined {
    const file = this.view.value?.files.findIndex((one) => one.path === path) ?? -1;
    return line === undefined
      ? undefined
      : this.groups.value.find(
          ({ view }) => view.file === file && view.line <= line && line <= view.lastLine,
        );
  }

  async explain(text: string): Promise<void> {
    const client = this.#client();
    await this.#explain(text, { text, ...(client && { client }) });
  }

  async explainTapped(tapped: TappedRequest): Promise<void> {
    const url = `${tapped.scheme}://${tapped.authority}${tapped.path}`;
    this.question.value = `${tapped.method} ${url}`;
    // It was somebody else's.
    for (const part of Object.values(this.asker)) {
      part.value = "";
    }
    const { method, headers, listener } = tapped;
    await this.#explain(`${method} ${url}`, { request: { method, url, headers, listener } });
  }

  async switchTap(percent: number): Promise<void> {
    await this.#try(async () => {
      this.tap.value = await this.server.tap({ percent });
    });
  }

  async apply(): Promise<void> {
    await this.#try(() => this.server.apply());
  }

  async changeFleet(change: FleetChange): Promise<void> {
    await this.#try(() => this.server.changeFleet(change));
  }

  /** What is filled in. */
  #client(): AskingClient | undefined {
    const parts = Object.entries(this.asker).map(([name, { value }]) => [name, value.trim()] as const);
    const said = parts.filter(([, text]) => text !== "");
    return said.length === 0 ? undefined : Object.fromEntries(said);
  }

  async #explain(asked: string, question: Parameters<PageServer["explain"]>[0]): Promise<void> {
    const number = ++this.#asked;
    this.explained.value = { asked };
    const answer = await this.server
      .explain(question)
      .catch((error: unknown): ExplainAnswer => ({ problem: problemText(error) }));
    // Somebody may have asked for something else meanwhile.
    if (number === this.#asked) {
      this.explained.value = { asked, answer };
    }
  }

  async #try(action: () => Promise<void>): Promise<void> {
    try {
      this.problem.value = undefined;
      await action();
    } catch (error) {
      this.problem.value = problemText(error);
    }
  }
}
