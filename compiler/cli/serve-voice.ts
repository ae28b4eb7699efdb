/** Says what happens in a fleet, as lines for people or as one JSON object a line. */

import { type FleetEvent, printable, type RelayEvent } from "../index.ts";
import { EventLines, type Said } from "./event-lines.ts";
import { isOurMistake } from "./failure.ts";
import type { Format } from "./format.ts";
import { HeldVoice } from "./held-voice.ts";
import type { Terminal } from "./terminal.ts";

export class ServeVoice {
  readonly #lines: EventLines;
  readonly #held: HeldVoice;

  constructor(terminal: Terminal, format: Format) {
    this.#lines = new EventLines(terminal, format);
    this.#held = new HeldVoice(this.#lines, terminal);
  }

  listening(address: string, port: number, http?: { readonly listen: string; readonly port: number }): void {
    const at = bound(address, port);
    const questions = http && bound(http.listen, http.port);
    this.#say({
      event: "listening",
      line: `proxies can join at ${at}${questions === undefined ? "" : `, questions are answered at ${questions}`}`,
      fields: { listen: at, ...(questions !== undefined && { http: questions }) },
    });
  }

  page(url: string): void {
    this.#say({
      event: "page",
      line: `${url} shows the fleet, and what each rule does in it`,
      fields: { url },
    });
  }

  reviewing(address: string, port: number): void {
    const at = bound(address, port);
    this.#say({ event: "reviewing", line: `API servers can ask at ${at}`, fields: { webhook: at } });
  }

  /** Somebody was not served. */
  problem(line: string): void {
    this.#say({ event: "problem", line });
  }

  /** What a relay does for its Envoy. */
  relayed({ kind, proxy }: Exclude<RelayEvent, { kind: "notice" }>): void {
    this.#say({ event: kind, line: RELAYED[kind](proxy), fields: { proxy } });
  }

  tell(event: FleetEvent): void {
    if (event.kind === "rules") {
      this.#lines.diagnostics(event.findings);
      this.#held.tell(event.snapshot.held);
      if (event.refused) {
        this.#say({ event: "refused", line: "the new rules have errors; the old rules stay in effect" });
      }
      return;
    }
    this.#say(inWords(event));
  }

  #say(said: Said): void {
    // Ids and words come from whoever has a stream.
    this.#lines.say(said, printable(said.line));
  }
}

const RELAYED = {
  joined: (proxy: string) => `${proxy} joined`,
  lost: (proxy: string) => `${proxy} is gone; it keeps the rules that it has`,
  relayed: (proxy: string) => `${proxy} is served by the server`,
  remembered: (proxy: string) => `the server is away: ${proxy} is served what it had accepted`,
};

/** With the port that is listened on where any was asked for. */
function bound(address: string, port: number): string {
  return port === 0 ? address : address.replace(/:\d+$/, `:${port}`);
}

function inWords(event: Exclude<FleetEvent, { kind: "rules" }>): Said {
  const { kind, ...fields } = event;
  switch (event.kind) {
    case "failed":
      return failed(event.error);
    case "serving":
      return { event: kind, line: `all proxies get revision ${event.revision}`, fields };
    case "wave":
      return { event: kind, line: waveLine(event), fields };
    case "baking": {
      const s = Math.max(Math.round((event.until - Date.now()) / 1000), 0);
      return {
        event: kind,
        line: `wave ${event.wave} has ${event.revision}; watching it for ${s} s`,
        fields,
      };
    }
    case "stopped":
      return { event: kind, line: stoppedLine(event), fields };
    case "returned":
      return { event: kind, line: `all proxies have ${event.revision} again`, fields };
    case "held": {
      const { cluster, before, now, forMs } = event;
      const line = `${cluster} had ${before} endpoints and has ${now}; those that vanished are kept for ${forMs / 1000} s`;
      return { event: kind, line, fields };
    }
    case "superseded":
      return { event: kind, line: `${event.by} takes the place of ${event.revision}`, fields };
    case "joined":
      return { event: kind, line: `${event.proxy} joined`, fields };
    case "lost":
      return { event: kind, line: `${event.proxy} is gone; it keeps the rules that it has`, fields };
    case "taken":
      return { event: kind, line: `${event.proxy} has ${event.revision} after ${event.ms} ms`, fields };
    case "refused":
      return {
        event: kind,
        line: [`${event.proxy} refused ${event.revision}`, ...event.words].join("\n  "),
        fields,
      };
    case "silent":
      return {
        event: kind,
        line: [`${event.proxy} does not acknowledge ${event.revision}`, ...event.words].join("\n  "),
        fields,
      };
  }
}

function waveLine({ wave, number, of, revision, proxies }: Extract<FleetEvent, { kind: "wave" }>): string {
  const who = proxies.length === 0 ? "the server's own Envoy" : counted(proxies.length);
  return `wave ${number} of ${of} (${wave}): ${revision} goes to ${who}`;
}

function stoppedLine({ revision, report, proxies }: Extract<FleetEvent, { kind: "stopped" }>): string {
  const { failure } = report;
  const where = failure?.proxy === undefined ? "" : ` at ${failure.proxy}`;
  const back =
    proxies.length === 0
      ? "no proxy had it"
      : `${counted(proxies.length)} ${proxies.length === 1 ? "goes" : "go"} back to ${report.from}`;
  const rules = (failure?.rules ?? []).map(
    ({ name, file, line }) => `changed rule: ${name} (${file}:${line})`,
  );
  return [
    `${revision} is stopped in wave ${failure?.wave}${where} (${failure?.gate}); ${back}`,
    ...(failure?.words ?? []),
    ...rules,
  ].join("\n  ");
}

function counted(proxies: number): string {
  return proxies === 1 ? "1 proxy" : `${proxies} proxies`;
}

/** A mistake of ours is shown with its stack, or nobody could ever put it right. */
function failed(error: unknown): Said {
  const { message, stack } = error as Error;
  const line = `could not take up the new rules: ${message}; the old rules stay in effect`;
  return isOurMistake(error) && stack !== undefined
    ? {
        event: "failed",
        line: `${line}\nthis is a bug in Sluice, not a mistake in your rules\n${stack}`,
        fields: { stack },
      }
    : { event: "failed", line };
}
