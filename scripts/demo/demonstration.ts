/**
 * What the demo does while Envoy serves: one round of all rules, then the stream, and after each edit a round of the
 * rules that it changed.
 */

import { inWords } from "../../compiler/cli/run-voice.ts";
import type { Terminal } from "../../compiler/cli/terminal.ts";
import {
  type Compilation,
  type EnvoyProcess,
  formatDiagnostics,
  type SessionEvent,
  SIGNIFICANCE,
} from "../../compiler/index.ts";
import type { Bookinfo } from "../../envoy/bookinfo/services/index.ts";
import { Clients } from "./client.ts";
import { probeRules } from "./probes.ts";
import { failures, renderTable, title as ruleTitle } from "./report.ts";
import { changedRules, listRules, type Rule } from "./rules.ts";
import { type Stream, startStream } from "./stream.ts";
import { whatToTry } from "./try.ts";

export interface DemonstrationOptions {
  readonly once: boolean;
  readonly meshPort: number;
  /** The folder of the rules, for people. */
  readonly rules: string;
  readonly bookinfo: Bookinfo;
  readonly terminal: Terminal;
  /** What there was to say before. */
  readonly early: string;
  /** Ends Envoy, and with it the demo. */
  readonly stop: AbortController;
}

const CLEAR_LINE = "\r\x1b[K";

export class Demonstration {
  /** All that was asked in the first round fitted the rules; unknown until it has ended. */
  obeyed: boolean | undefined;
  readonly page: ((url: string) => void) | undefined;
  readonly #options: DemonstrationOptions;
  readonly #clients = new Clients();
  #envoy: EnvoyProcess | undefined;
  #rules: readonly Rule[] = [];
  #stream: Stream | undefined;
  #statusShown = false;
  #work: Promise<void> = Promise.resolve();

  constructor(options: DemonstrationOptions) {
    this.#options = options;
    if (options.once) {
      this.#err(options.early);
    } else {
      // A page of what has ended is of no use.
      this.page = (url) => this.#page(url);
    }
  }

  /** The first that is said. */
  #page(url: string): void {
    const { terminal, early } = this.#options;
    terminal.out(`${terminal.outColors.bold("What each rule does, live:")} ${url}\n`);
    this.#err(early);
  }

  tell(event: SessionEvent): void {
    const { stop, terminal } = this.#options;
    switch (event.kind) {
      case "diagnostics":
        this.#err(formatDiagnostics(event.findings, terminal.errLook));
        break;
      case "log":
        // Not that it was told to end.
        if (!stop.signal.aborted) {
          this.#err(`${terminal.errColors.dim(event.line)}\n`);
        }
        break;
      case "access":
        terminal.out(`${event.line}\n`);
        break;
      case "serving":
        this.#serving(event.envoy, event.compilation);
        break;
      case "reloaded":
        this.#reloaded(event.compilation, event.ms);
        break;
      default:
        this.#say(inWords(event).line);
    }
  }

  #say(line: string): void {
    this.#err(`${this.#options.terminal.errColors.dim("sluice:")} ${line}\n`);
  }

  #serving(envoy: EnvoyProcess, compilation: Compilation): void {
    const { once, stop, terminal, rules, meshPort } = this.#options;
    this.#envoy = envoy;
    this.#rules = listRules(compilation);
    this.#then(async () => {
      const bad = await this.#round(this.#rules, compilation, "");
      if (bad === undefined) {
        return;
      }
      this.obeyed = bad === 0;
      if (once) {
        stop.abort();
        return;
      }
      const places = { config: compilation.config, meshPort, adminSocket: envoy.admin.socket, rules };
      terminal.out(whatToTry(places, terminal.outColors));
      this.#startStream(compilation);
    });
  }

  #reloaded(compilation: Compilation, ms: number): void {
    this.#say(`the rules changed; in effect after ${ms} ms`);
    const before = this.#rules;
    this.#rules = listRules(compilation);
    const changed = changedRules(before, this.#rules);
    this.#then(async () => {
      await this.#stopStream();
      if (changed.length > 0) {
        await this.#round(changed, compilation, "What has changed:\n");
      }
      this.#startStream(compilation);
    });
  }

  async close(): Promise<void> {
    await this.#work;
    await this.#stopStream();
    this.#clients.close();
  }

  /** One thing after another; what fails because everything ends is no news. */
  #then(task: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#options.stop.signal.aborted) {
        return;
      }
      try {
        await task();
      } catch (error) {
        if (!this.#options.stop.signal.aborted) {
          this.#err(`${this.#options.terminal.errColors.red("error:")} ${(error as Error).stack}\n`);
          this.obeyed = false;
          if (this.#options.once) {
            this.#options.stop.abort();
          }
        }
      }
    });
  }

  /** Asks and shows; gives how many rules were not obeyed, nothing when it was stopped before the end. */
  async #round(rules: readonly Rule[], { config }: Compilation, title: string): Promise<number | undefined> {
    const { bookinfo, meshPort, terminal, stop } = this.#options;
    const { admin } = this.#envoy!;
    const probing = { config, clients: this.#clients, bookinfo, admin, meshPort, stop: stop.signal };
    const rows = await probeRules(rules, probing);
    if (stop.signal.aborted) {
      return undefined;
    }
    const { red, green, dim } = terminal.outColors;
    const bad = failures(rows);
    this.#clearStatus();
    terminal.out(`\n${title}${renderTable(rows, terminal.outColors)}`);
    terminal.out(
      dim(
        `Random counts pass unless the exact binomial test (two-sided) gives p < ${SIGNIFICANCE.toExponential()}.\n`,
      ),
    );
    for (const row of bad) {
      terminal.out(`${red("✗")} not followed: ${ruleTitle(row)} (${row.where})\n`);
    }
    if (bad.length === 0) {
      terminal.out(`${green("✓")} rules tested: ${rows.length}; all of them are followed\n`);
    }
    return bad.length;
  }

  #startStream({ config }: Compilation): void {
    const gateway = config.listeners.find(({ role }) => role === "gateway");
    if (gateway === undefined) {
      return;
    }
    const { terminal } = this.#options;
    const onLine = (line: string) => {
      const shown = [...line].slice(0, (process.stderr.columns ?? 120) - 1).join("");
      terminal.err(`${CLEAR_LINE}${terminal.errColors.dim(shown)}`);
      this.#statusShown = true;
    };
    // A line that changes in place is for a terminal; a log would fill up with it.
    this.#stream = startStream(this.#clients, gateway.port, process.stderr.isTTY ? onLine : () => {});
  }

  async #stopStream(): Promise<void> {
    await this.#stream?.stop();
    this.#stream = undefined;
    this.#clearStatus();
  }

  #err(text: string): void {
    if (text !== "") {
      this.#clearStatus();
      this.#options.terminal.err(text);
    }
  }

  #clearStatus(): void {
    if (this.#statusShown) {
      this.#statusShown = false;
      this.#options.terminal.err(CLEAR_LINE);
    }
  }
}
