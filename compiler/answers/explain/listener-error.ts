/** Why a question about a request cannot be asked. */

/** No listener of the rules can be asked what was asked. */
export class ListenerError extends TypeError {
  /** `unknown`: none has the name; `none`: there is none. */
  readonly reason: "unknown" | "none";
  /** The names of all. */
  readonly listeners: readonly string[];

  constructor(message: string, { reason, listeners }: Pick<ListenerError, "reason" | "listeners">) {
    super(message);
    this.name = "ListenerError";
    this.reason = reason;
    this.listeners = listeners;
  }
}
