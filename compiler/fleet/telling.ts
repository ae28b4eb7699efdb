/** Says to each proxy what it shall have: what the roll-outs decide, as its scope has it. */

import type { ProxyOptions } from "../options.ts";
import { type JoinedProxies, memberIn } from "./joined-proxies.ts";
import type { KnownRevisions } from "./known-revisions.ts";
import type { FleetEvent } from "./model/event.ts";
import type { Scope } from "./model/scope.ts";
import type { ProxyLine } from "./proxies/proxy-line.ts";
import type { Member } from "./rollout/state.ts";
import type { Rollouts } from "./rollouts.ts";

export interface TellingOptions {
  readonly rollouts: Rollouts;
  readonly revisions: KnownRevisions;
  readonly proxies: JoinedProxies;
  readonly onEvent: (event: FleetEvent) => void;
}

export class Telling {
  readonly #options: TellingOptions;
  #isClosed = false;

  constructor(options: TellingOptions) {
    this.#options = options;
  }

  /** By the newest rules; before there are any, nothing tells proxies apart. */
  scopeOf(claimed: ProxyOptions): Scope {
    return this.#options.rollouts.newest?.scopeOf(claimed) ?? { key: "*", group: "*", options: claimed };
  }

  memberOf(line: ProxyLine): Member {
    return memberIn(this.#options.rollouts.newest, line);
  }

  all(): void {
    for (const line of this.#options.proxies.all) {
      void this.one(line);
    }
  }

  async one(line: ProxyLine): Promise<void> {
    const { rollouts, revisions, onEvent } = this.#options;
    const revision = rollouts.revisionOf(this.memberOf(line));
    if (revision === undefined) {
      return;
    }
    const scope = revision.scopeOf(line.claimed);
    line.scope = scope;
    const { build, findings } = await revision.buildFor(scope);
    if (build === undefined) {
      const { id, snapshot } = revision;
      onEvent({ kind: "rules", revision: id, findings, refused: true, snapshot });
    } else if (
      scope === line.scope &&
      revision === rollouts.revisionOf(this.memberOf(line)) &&
      !this.#isClosed
    ) {
      const others = () =>
        revisions.all
          .flatMap((one) => (one === revision ? [] : (one.toldToProxy(line.claimed, scope.key) ?? [])))
          .toReversed();
      line.moveTo({ revision: revision.id, build: build.told, others });
    }
  }

  /** Says nothing more. */
  close(): void {
    this.#isClosed = true;
  }
}
