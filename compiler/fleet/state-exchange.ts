/**
 * A fleet as its keeper sees it (`keeper.ts`): what it takes up from a server before or beside this one when it decides or follows, and
 * what it gives to be kept and to be told to the others.
 */

import type { JoinedProxies } from "./joined-proxies.ts";
import type { Keeper, Kept, KeptFleet } from "./keeper.ts";
import type { KnownRevisions } from "./known-revisions.ts";
import type { PeerNews, PeerProxies, PeerReport } from "./peer-proxies.ts";
import { proxyReport } from "./proxies/proxy-report.ts";
import { shownRevisions, stateOfRevision } from "./revision-states.ts";
import type { Rollouts } from "./rollouts.ts";
import type { RuleChanges } from "./rule-changes.ts";
import type { Telling } from "./telling.ts";

export interface StateExchangeOptions {
  readonly keeper: Keeper;
  readonly revisions: KnownRevisions;
  readonly rollouts: Rollouts;
  readonly changes: RuleChanges;
  readonly telling: Telling;
  readonly proxies: JoinedProxies;
  /** Those of other servers. */
  readonly peers: PeerProxies;
}

export class StateExchange implements Kept {
  readonly #options: StateExchangeOptions;

  constructor(options: StateExchangeOptions) {
    this.#options = options;
  }

  onLead(state: KeptFleet | undefined): void {
    const { revisions, rollouts, telling, proxies, peers } = this.#options;
    if (state?.rollout === undefined) {
      rollouts.lead();
    } else {
      revisions.adopt(state);
      rollouts.resume(state.rollout);
    }
    for (const line of proxies.connected) {
      rollouts.joined(telling.memberOf(line));
      const { last } = proxies.recordOf(line.id);
      if (last !== undefined) {
        rollouts.answered(line.id, last.revision, last.outcome);
      }
    }
    for (const news of peers.everything()) {
      this.#hear(news);
    }
    this.#tellAndRead();
  }

  onFollow(state: KeptFleet | undefined): void {
    const { revisions, rollouts } = this.#options;
    if (state !== undefined) {
      revisions.adopt(state);
    }
    rollouts.follow(state?.rollout);
    this.#tellAndRead();
  }

  onPeers(reports: ReadonlyMap<string, PeerReport>): void {
    const { keeper, proxies, peers } = this.#options;
    const news = peers.update(reports, (id) => proxies.find(id)?.isConnected === true);
    for (const one of keeper.isLeading ? news : []) {
      this.#hear(one);
    }
  }

  state(): KeptFleet | undefined {
    const { revisions, rollouts, changes } = this.#options;
    const rollout = rollouts.state;
    if (rollout === undefined) {
      return undefined;
    }
    const { serving } = shownRevisions(rollouts, revisions);
    const { newest } = revisions;
    return {
      revisions: revisions.all.map((revision) => ({
        id: revision.id,
        seen: revision.seen.toISOString(),
        state: stateOfRevision(revision, rollouts, revisions),
        findings: revision.findings,
        sources: revision.sources,
      })),
      ...(serving && { serving: serving.id }),
      ...(newest && { newest: newest.id }),
      // It goes on changing.
      rollout: structuredClone(rollout),
      builds: [...new Set([...rollouts.revisions, ...(changes.coming ? [changes.coming] : [])])].flatMap(
        (revision) => revision.kept,
      ),
    };
  }

  peerReport(): PeerReport {
    const { telling, proxies } = this.#options;
    return {
      proxies: proxies.connected.map((line) => ({
        member: telling.memberOf(line),
        report: proxyReport(line),
        ...proxies.recordOf(line.id),
      })),
    };
  }

  #tellAndRead(): void {
    this.#options.telling.all();
    this.#options.changes.refresh();
  }

  #hear(news: PeerNews): void {
    const { rollouts } = this.#options;
    switch (news.kind) {
      case "joined":
        rollouts.joined(news.member);
        break;
      case "left":
        rollouts.left(news.proxy);
        break;
      case "answered":
        rollouts.answered(news.proxy, news.revision, news.outcome);
        break;
      case "responses":
        rollouts.responses(news.proxy, news.counts);
        break;
    }
  }
}
