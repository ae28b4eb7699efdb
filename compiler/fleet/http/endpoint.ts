/** What an endpoint of the HTTP interface is: its description and its handler in one place, so that neither can forget the other. */

import type { Schema } from "../../front/resources/schema/build.ts";
import type { EventFeed } from "../../http/event-feed.ts";
import type { StreamedEvent } from "../../http/event-streams.ts";
import type { FleetControl } from "../model/fleet-control.ts";
import type { SchemaName } from "./schemas.ts";

/** What the handlers answer from. */
export interface Answering {
  readonly fleet: FleetControl;
  readonly feed: EventFeed;
  /** For Prometheus. What rules have counted is for whoever may read what they are. */
  metrics(asker: { readonly mayRead: boolean }): string;
  /** What the server still waits for before it can serve a proxy; nothing when it is ready. */
  waitsFor(): readonly string[];
}

/** A request, as far as handlers see it; its parameters and its body have the shapes that the endpoint describes. */
export interface Question {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Of a parameter that may be given several times. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly body: unknown;
  /** Whoever asks may be told of rules, also where the endpoint answers anybody. */
  readonly mayRead: boolean;
  /** Of `Last-Event-ID`. */
  readonly lastEvent?: number;
  /** The client is gone, or the server ends. */
  readonly signal: AbortSignal;
}

export type Reply =
  | { readonly json: unknown; readonly status?: number }
  | { readonly text: string; readonly type: string }
  /** Everything that happens, from after an event on. */
  | { readonly events: { readonly after?: number } }
  /** What comes, for as long as anybody listens. */
  | { readonly stream: AsyncIterable<StreamedEvent> };

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly description: string;
  readonly required?: boolean;
  /** Of each value. */
  readonly schema: Schema<string> | Schema<number>;
  /** May be given several times. */
  readonly repeats?: boolean;
  readonly example: string;
}

/**
 * - `open`: anybody; it says nothing of rules.
 * - `read`: whoever reaches the server on this machine, or has the token.
 * - `change`: whoever has the token.
 */
export type Access = "open" | "read" | "change";

export interface Endpoint {
  readonly method: "GET" | "POST";
  /** With its parameters in braces. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly access: Access;
  readonly parameters?: readonly Parameter[];
  readonly body?: SchemaName;
  readonly answers: {
    readonly status: number;
    readonly description: string;
    /** What it has: a schema of JSON, or a type of text. */
    readonly content: SchemaName | { readonly type: string };
  }[];
  /** Statuses of errors, beside those that every endpoint of its access has. */
  readonly errors?: readonly number[];
  answer(question: Question, from: Answering): Reply | Promise<Reply>;
}
