/** What can be asked of a running session through its door. Who can open its socket may ask everything. */

export interface DoorRoute {
  readonly method: "GET" | "POST";
  /** Such as `/v1/about`. */
  readonly path: string;
  /** What it throws as an `HttpError` the client is told; anything else is a mistake of ours. */
  answer(question: DoorQuestion): DoorAnswer | Promise<DoorAnswer>;
}

export interface DoorQuestion {
  readonly query: URLSearchParams;
  /** JSON that was sent; `undefined` where nothing was. */
  readonly body: unknown;
  /** Aborts when the client is gone, or the door closes. */
  readonly signal: AbortSignal;
}

export type DoorAnswer =
  | { readonly json: unknown }
  /**
   * One JSON value a line, for as long as there are any. The next one is asked for when the client has taken those before: a client that
   * reads slowly costs nothing, and misses what the iterable does not keep.
   */
  | { readonly lines: AsyncIterable<unknown> };
