/** Which way how many requests go, from what was counted: listener and host → rule → cluster, or what the proxy does itself. */

import type { LiveListener, LiveRule } from "../../../observe/live-report.ts";
import type { RulesView } from "../../api.ts";
import { clusterText } from "../format/clusters.ts";
import { groupBy } from "../live/group-by.ts";
import type { LiveState } from "../live/live-state.ts";
import { ruleKey } from "../live/rule-key.ts";

/** A place in one text. */
export function placeText({ title, within }: FlowPlace): string {
  return within === undefined ? title : `${within} · ${title}`;
}

/** One way through all three columns. */
export interface FlowLink {
  readonly from: FlowPlace;
  readonly rule: FlowPlace;
  readonly to: FlowPlace;
  readonly perSecond: number;
}

export interface FlowPlace {
  readonly id: string;
  readonly title: string;
  /** Where it is: the listener of a host. */
  readonly within?: string;
  /** Places of a column stand in this order, whatever their rates, so that the picture does not jump about. */
  readonly order: number;
  /** What finds its rules in the list; absent: none is behind it. */
  readonly find?: string;
  /** Not an ordinary way: an abort, a 404. */
  readonly isTrouble?: true;
}

interface Entrance {
  readonly order: number;
  /** By the index of the rule. */
  readonly hosts: ReadonlyMap<
    number,
    { readonly title: string; readonly find: string; readonly order: number }
  >;
}

/** What ends at the proxy itself stands below all clusters. */
const OWN = 1e9;

/** The ways of what is served; made once for each `RulesView`, and asked with each report. */
export class FlowWays {
  readonly #rules: ReadonlyMap<string, { readonly place: FlowPlace; readonly index: number }>;
  readonly #clusters: ReadonlyMap<string, number>;
  readonly #entrances: ReadonlyMap<string, Entrance>;

  constructor(view: RulesView) {
    const titles = titlesOf(view.rules);
    this.#rules = new Map(
      view.rules.map(({ id, name, match }, index) => {
        const place = { id: `rule ${id}`, title: titles.get(id) ?? name, order: index, find: id };
        return [ruleKey(id, match), { place, index }];
      }),
    );
    this.#clusters = new Map(view.clusters.map((name, index) => [name, index]));
    this.#entrances = new Map(
      view.listeners.map(({ name, hosts }, index) => [
        name,
        { order: index * 1e5, hosts: hostsByRule(hosts) },
      ]),
    );
  }

  links(live: LiveState): FlowLink[] {
    const links: FlowLink[] = [];
    for (const [key, { taken, parts }] of live.rules) {
      if (taken.perSecond > 0) {
        links.push(...parts.flatMap((part) => this.#ofRule(key, part)));
      }
    }
    links.push(...live.listeners.flatMap((listener) => this.#unmatched(listener)));
    return links.filter(({ perSecond }) => perSecond > 0);
  }

  #ofRule(key: string, part: LiveRule): FlowLink[] {
    const known = this.#rules.get(key);
    const entrance = this.#entrances.get(part.listener);
    const host = known && entrance?.hosts.get(known.index);
    const rule = known?.place ?? { id: `rule ${key}`, title: key, order: OWN };
    const from: FlowPlace = {
      id: `from ${part.listener} ${host?.title ?? ""}`,
      ...(host === undefined ? { title: part.listener } : { title: host.title, within: part.listener }),
      order: (entrance?.order ?? OWN) + (host?.order ?? 0),
      ...(host && { find: host.find }),
    };
    return endsOf(part, this.#clusters).map((end) => ({ from, rule, ...end }));
  }

  #unmatched({ name, unknownHost, noRule }: LiveListener): FlowLink[] {
    const order = (this.#entrances.get(name)?.order ?? OWN) + 99_999;
    return [
      { title: "unknown host", at: "unknown host", rate: unknownHost },
      { title: "no rule", at: "known hosts", rate: noRule },
    ].map(({ title, at, rate }) => ({
      from: { id: `from ${name} ${title}`, title: at, within: name, order },
      rule: { id: `rule ${title}`, title, order: OWN, isTrouble: true },
      to: { id: "to 404", title: "404 by Envoy", order: OWN + 3, isTrouble: true },
      perSecond: rate.perSecond,
    }));
  }
}

/** A name that several rules have does not tell which: their resources are said, too. */
function titlesOf(rules: RulesView["rules"]): Map<string, string> {
  const namesakes = groupBy(rules, ({ name }) => name);
  const titles = new Map<string, string>();
  for (const same of namesakes.values()) {
    if (same.some(({ id }) => id !== same[0]!.id)) {
      for (const { id, name, resource } of same) {
        titles.set(id, `${resource.replace(/^\w+ /, "")} ${name}`);
      }
    }
  }
  return titles;
}

function endsOf(
  part: LiveRule,
  clusters: ReadonlyMap<string, number>,
): { readonly to: FlowPlace; readonly perSecond: number }[] {
  return [
    ...part.destinations.map(({ cluster, requests }) => ({
      to: {
        id: `to ${cluster}`,
        title: clusterText(cluster),
        order: clusters.get(cluster) ?? OWN - 1,
        find: cluster,
      },
      perSecond: requests.perSecond,
    })),
    { to: { id: "to redirect", title: "redirected", order: OWN }, perSecond: part.redirects.perSecond },
    {
      to: { id: "to answer", title: "answered by the rule", order: OWN + 1 },
      perSecond: part.directAnswers.perSecond,
    },
    {
      to: { id: "to abort", title: "aborted", order: OWN + 2, isTrouble: true },
      perSecond: part.aborts.perSecond,
    },
    {
      to: { id: "to left", title: "left while delayed", order: OWN + 4, isTrouble: true },
      perSecond: part.left.perSecond,
    },
    {
      to: { id: "to limited", title: "beyond a limit", order: OWN + 5, isTrouble: true },
      perSecond: part.limited.perSecond,
    },
  ];
}

function hostsByRule(hosts: RulesView["listeners"][number]["hosts"]): Entrance["hosts"] {
  const found = new Map<number, { title: string; find: string; order: number; count: number }>();
  hosts.forEach(({ name, domains, rules }, order) => {
    const [find = name] = [...domains].sort((a, b) => a.length - b.length);
    for (const rule of new Set(rules)) {
      const known = found.get(rule);
      if (known === undefined) {
        found.set(rule, { title: find, find, order, count: 1 });
      } else {
        known.count++;
        known.title = `${known.find} and ${known.count - 1} more`;
      }
    }
  });
  return found;
}
