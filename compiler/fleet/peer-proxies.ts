/**
 * The proxies of a fleet's other servers, as far as those tell: what each has published last is compared with what it publishes now, and
 * what is new becomes what a roll-out has to hear. Pure.
 */

import type { ProxyReport } from "./model/report.ts";
import type { Outcome } from "./proxies/proxy-line.ts";
import type { Member, Responses } from "./rollout/state.ts";

/** What a server publishes of a proxy that has a stream to it. */
export interface PeerProxy extends PeerRecord {
  readonly member: Member;
  readonly report: ProxyReport;
}

/** What has happened with a proxy at its server. */
export interface PeerRecord {
  /** What came of the change that it was given last. `count`: how many there were, so that no two are taken for one. */
  readonly last?: LastOutcome;
  /** What it answered since its server began. */
  readonly responses: Responses;
}

export interface LastOutcome {
  readonly count: number;
  readonly revision: string;
  readonly outcome: Outcome;
}

/** Of one server. */
export interface PeerReport {
  readonly proxies: readonly PeerProxy[];
}

/** For a roll-out. */
export type PeerNews =
  | { readonly kind: "joined"; readonly member: Member }
  | { readonly kind: "left"; readonly proxy: string }
  | {
      readonly kind: "answered";
      readonly proxy: string;
      readonly revision: string;
      readonly outcome: Outcome;
    }
  | { readonly kind: "responses"; readonly proxy: string; readonly counts: Responses };

interface Known extends PeerProxy {
  readonly server: string;
}

export class PeerProxies {
  #known = new Map<string, Known>();

  get reports(): readonly ProxyReport[] {
    return [...this.#known.values()].map(({ report }) => report);
  }

  get members(): readonly Member[] {
    return [...this.#known.values()].map(({ member }) => member);
  }

  /** Takes what all servers have published up. A proxy that `isOwn` has come to this server meanwhile, and is told of here. */
  update(reports: ReadonlyMap<string, PeerReport>, isOwn: (proxy: string) => boolean): PeerNews[] {
    const before = this.#known;
    const now = new Map<string, Known>();
    for (const [server, { proxies }] of reports) {
      for (const proxy of proxies) {
        const { id } = proxy.member;
        const other = now.get(id);
        // Where two have it, it has come to the one that has had it for a shorter time.
        if (!isOwn(id) && (other === undefined || other.report.since < proxy.report.since)) {
          now.set(id, { ...proxy, server });
        }
      }
    }
    this.#known = now;
    const left = [...before.keys()].filter((id) => !now.has(id) && !isOwn(id));
    return [
      ...left.map((proxy): PeerNews => ({ kind: "left", proxy })),
      ...[...now.values()].flatMap((proxy) => newsOf(before.get(proxy.member.id), proxy)),
    ];
  }

  /** Everything that is known, as if it were new: for a server that decides from now on. */
  everything(): PeerNews[] {
    return [...this.#known.values()].flatMap((proxy) =>
      newsOf(undefined, { ...proxy, responses: NO_RESPONSES }),
    );
  }
}

const NO_RESPONSES: Responses = { requests: 0, serverErrors: 0 };

function newsOf(before: Known | undefined, now: Known): PeerNews[] {
  const { member, last, responses } = now;
  const same = before?.server === now.server ? before : undefined;
  const news: PeerNews[] = [];
  if (same === undefined || same.member.scope !== member.scope) {
    news.push({ kind: "joined", member });
  }
  if (last !== undefined && same?.last?.count !== last.count) {
    news.push({ kind: "answered", proxy: member.id, revision: last.revision, outcome: last.outcome });
  }
  const counts = {
    requests: responses.requests - (same?.responses.requests ?? 0),
    serverErrors: responses.serverErrors - (same?.responses.serverErrors ?? 0),
  };
  // What it answered before anybody here had heard of it belongs to no revision.
  if (same !== undefined && counts.requests > 0) {
    news.push({ kind: "responses", proxy: member.id, counts });
  }
  return news;
}
