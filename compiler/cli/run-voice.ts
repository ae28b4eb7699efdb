/** Says what happens in a session, as lines for people or as one JSON object a line. */

import {
  type ChangePreview,
  type Findings,
  formatSocket,
  type HeldObject,
  type SessionEvent,
  socketsOf,
} from "../index.ts";
import { EventLines, type Said } from "./event-lines.ts";
import { isOurMistake } from "./failure.ts";
import type { Format } from "./format.ts";
import { HeldVoice } from "./held-voice.ts";
import { previewText } from "./preview-text.ts";
import type { Terminal } from "./terminal.ts";

/** Files that are named; more are counted. */
const MOST_FILES = 3;

export class Voice {
  readonly #terminal: Terminal;
  readonly #format: Format;
  readonly #lines: EventLines;
  readonly #held: HeldVoice;

  constructor(terminal: Terminal, format: Format) {
    this.#terminal = terminal;
    this.#format = format;
    this.#lines = new EventLines(terminal, format);
    this.#held = new HeldVoice(this.#lines, terminal);
  }

  tell(event: SessionEvent): void {
    switch (event.kind) {
      case "diagnostics":
        this.diagnostics(event.findings, event.held);
        break;
      case "log":
        if (this.#format === "json") {
          this.#terminal.out(`${JSON.stringify({ event: "log", message: event.line })}\n`);
        } else {
          this.#terminal.err(`${this.#terminal.errColors.dim(event.line)}\n`);
        }
        break;
      case "access":
        // Of the lines for people it is the only one on standard output; programs get one kind of line alone.
        this.#terminal.out(
          this.#format === "json"
            ? `${JSON.stringify({ event: "access", line: event.line })}\n`
            : `${event.line}\n`,
        );
        break;
      default:
        this.#lines.say(inWords(event));
    }
  }

  /** What the change that is held would do. */
  preview(preview: ChangePreview | undefined): void {
    if (preview !== undefined) {
      this.#lines.say({ event: "preview", line: previewText(preview), fields: { preview } });
    }
  }

  /** Of ours, which is no reason to end. */
  mistake(error: unknown): void {
    const text = `this is a bug in Sluice, not a mistake in your rules\n${(error as Error)?.stack ?? error}`;
    this.#lines.say({ event: "mistake", line: text });
  }

  /** Somebody has asked to apply what is held; what becomes of it, events tell. */
  applied(wasHeld: boolean): void {
    if (!wasHeld) {
      this.#lines.say({ event: "nothingHeld", line: "no change waits to be applied" });
    }
  }

  /** Where the page is, on a line of its own: terminals make a link of it. */
  page(url: string): void {
    this.#lines.say({ event: "page", line: `page  ${url}`, fields: { url } });
  }

  diagnostics(findings: Findings, held: readonly HeldObject[]): void {
    this.#lines.diagnostics(findings);
    this.#held.tell(held);
  }
}

/** What there is to say of an event that needs no more than a line. */
export function inWords(event: Exclude<SessionEvent, { kind: "diagnostics" | "log" | "access" }>): Said {
  switch (event.kind) {
    case "envoy":
      return { event: "envoy", line: event.line };
    case "serving": {
      const { dns } = event.compilation.config;
      const sockets = socketsOf(event.compilation.config);
      const { admin, opened, pid, version } = event.envoy;
      const { adminPort, readyPort, metricsPort, listenAddress } = opened;
      const lines = sockets.map(
        ({ name, address, port, scheme }) => `  ${name}  ${scheme}://${formatSocket(address, port)}`,
      );
      return {
        event: "serving",
        line: [
          "serving",
          ...lines,
          ...(dns === undefined ? [] : [`  dns  udp://${formatSocket(dns.address, dns.port)}`]),
          `  admin  unix:${admin.socket}`,
          // What is open to others is said, also to whoever has it from a file of options.
          ...(adminPort === 0
            ? []
            : [
                `  admin  http://127.0.0.1:${adminPort}  open to every program on this machine: reads all, and drains`,
              ]),
          ...(readyPort === 0 ? [] : [`  ready  http://${formatSocket(listenAddress, readyPort)}/ready`]),
          ...(metricsPort === 0
            ? []
            : [`  metrics  http://${formatSocket(listenAddress, metricsPort)}/metrics`]),
        ].join("\n"),
        fields: {
          listeners: sockets.map(({ name, address, port }) => ({ name, address, port })),
          ...(dns && { dns: { address: dns.address, port: dns.port } }),
          admin: `unix:${admin.socket}`,
          ...(adminPort !== 0 && { adminPort }),
          ...(readyPort !== 0 && { readyPort }),
          ...(metricsPort !== 0 && { metricsPort }),
          pid,
          version,
        },
      };
    }
    case "held": {
      const { files } = event;
      const shown = files.slice(0, MOST_FILES).join(", ");
      const more = files.length > MOST_FILES ? ` and ${files.length - MOST_FILES} more` : "";
      return {
        event: "held",
        line: `${shown}${more} changed; the old rules stay in effect until you press Enter`,
        fields: { files },
      };
    }
    case "refused":
      return { event: "refused", line: "the new rules have errors; the old rules stay in effect" };
    case "reloaded":
      return { event: "reloaded", line: `reloaded in ${event.ms} ms`, fields: { ms: event.ms } };
    case "unchanged":
      return { event: "unchanged", line: "no change for Envoy" };
    case "restartNeeded":
      return {
        event: "restartNeeded",
        line: "the change needs a restart of Envoy; the old rules stay in effect",
      };
    case "rejected": {
      const { step, words, again } = event;
      const what = again ? `Envoy did not accept the ${step}` : `Envoy rejected the ${step}`;
      const then = again ? "; trying again until it does" : "";
      const line = [`${what}; the old rules stay in effect${then}`, ...words].join("\n  ");
      return { event: "rejected", line, fields: { step, words, again } };
    }
    case "blocked": {
      const { words } = event;
      const why = "the new rules cannot be served yet; the old rules stay in effect; trying again";
      return { event: "blocked", line: [why, ...words].join("\n  "), fields: { words } };
    }
    case "unknown": {
      const { words } = event;
      const why =
        "Envoy does not answer: either the old or the new rules may be in effect; trying again until it does";
      return { event: "unknown", line: [why, ...words].join("\n  "), fields: { words } };
    }
    case "failed":
      return failed(event);
    case "unresolved":
    case "resolved": {
      const { kind, cluster, names } = event;
      const list = names.join(", ");
      const line =
        kind === "resolved"
          ? `DNS resolves ${list} again`
          : `DNS cannot resolve ${list}; requests to ${cluster.name} get a 503`;
      return { event: kind, line, fields: { cluster: cluster.name, names } };
    }
    case "draining": {
      const { inFlight, limitMs } = event;
      return {
        event: "draining",
        line: `waiting up to ${limitMs / 1000} s for ${requests(inFlight)} in flight; Ctrl-C again ends at once`,
        fields: { inFlight, limitMs },
      };
    }
    case "cut": {
      const { inFlight } = event;
      return { event: "cut", line: `${requests(inFlight)} did not end in time`, fields: { inFlight } };
    }
    case "stopped":
      return { event: "stopped", line: "stopped" };
  }
}

function requests(count: number): string {
  return count === 1 ? "1 request" : `${count} requests`;
}

/** A mistake of ours is shown with its stack, or nobody could ever put it right. */
function failed({ error, untouched }: Extract<SessionEvent, { kind: "failed" }>): Said {
  const { message, stack } = error as Error;
  const line = `could not reload: ${message}; ${untouched ? "the old rules stay in effect" : "either the old or the new rules may be in effect"}; trying again`;
  return isOurMistake(error) && stack !== undefined
    ? {
        event: "failed",
        line: `${line}\nthis is a bug in Sluice, not a mistake in your rules\n${stack}`,
        fields: { stack },
      }
    : { event: "failed", line };
}
