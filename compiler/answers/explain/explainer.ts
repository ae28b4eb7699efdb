/** Answers one question after another about the same rules: what is made of them for the first is there for the next. */

import type { UnreadResource } from "../../front/istio/unread/unread-resource.ts";
import type { Config, Listener } from "../../ir/ir.ts";
import { filterModulePath } from "../../platform/package-root.ts";
import { Evaluators } from "../evaluate/evaluator.ts";
import type { AskedRequest } from "../request/asked.ts";
import { loadFilter } from "../wasm-host/filter-vm.ts";
import { explain } from "./explain.ts";
import type { Explanation } from "./explanation.ts";
import { ListenerError } from "./listener-error.ts";

export class Explainer {
  readonly #evaluators: Evaluators;
  readonly #unread: readonly UnreadResource[];

  /** `unread`: what Istio's proxy would obey besides. */
  constructor(config: Config, unread: readonly UnreadResource[]) {
    this.#evaluators = new Evaluators(loadFilter(filterModulePath()), config);
    this.#unread = unread;
  }

  /** `at` is a listener; absent: one that knows the host. Throws a `ListenerError` when none can be asked. */
  explain(asked: AskedRequest, at?: string): Explanation {
    return explain(asked, this.#listenerFor(asked, at), this.#evaluators, this.#unread);
  }

  #listenerFor(asked: AskedRequest, at: string | undefined): Listener {
    const all = this.#evaluators.config.listeners;
    const listeners = all.map(({ name }) => name);
    const listener =
      at === undefined ? this.#evaluators.listenerFor(asked) : all.find(({ name }) => name === at);
    if (listener === undefined) {
      const reason = at !== undefined ? "unknown" : "none";
      const message = {
        unknown: `explain: at must be ${listeners.join(" or ") || "left out, since there are no listeners"}, got "${at}"`,
        none: "explain: these rules create no HTTP listener",
      }[reason];
      throw new ListenerError(message, { reason, listeners });
    }
    return listener;
  }
}
