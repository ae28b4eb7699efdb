/** Which way how many requests go, from what was counted: listener and host → rule → cluster, or what the proxy does itself. */

import type { LiveRule } from "../../../observe/live-report.ts";
import type { RulesView } from "../../api.ts";
import { clusterText } from "../format/clusters.ts";
import type { LiveState } from "../live/live-state.ts";
import { ruleKey } from "../live/rule-key.ts";

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
  /** Places of a column stand in this order, whatever their rates, so that the picture does not jump about. */
  readonly order: number;
  /** What finds its rules in the list; absent: none is behind it. */
  readonly find?: string;
  /** Not an ordinary way: an abort, a 404. */
  readonly isTrouble?: true;
}

/** What ends at the proxy itself stands below all clusters. */
const OWN = 1e9;

export function flowLinks(view: RulesView, live: LiveState): FlowLink[] {
  const links: FlowLink[] = [];
  const names = new Map(view.rules.map((rule, index) => [ruleKey(rule.id, rule.match), { rule, index }]));
  const clusters = new Map(view.clusters.map((name, index) => [name, index]));
  const entrances = view.listeners.map((listener, index) => ({
    name: listener.name,
    order: index * 1e5,
    hosts: hostsByRule(listener.hosts),
  }));
  for (const [key, sum] of live.rules) {
    if (sum.taken.perSecond <= 0) {
      continue;
    }
    const known = names.get(key);
    const place: FlowPlace = {
      id: `rule ${known?.rule.id ?? key}`,
      title: known?.rule.name ?? key,
      order: known?.index ?? OWN,
      ...(known && { find: known.rule.id }),
    };
    for (const part of sum.parts) {
      const entrance = entrances.find(({ name }) => name === part.listener);
      const host = known && entrance?.hosts.get(known.index);
      const from: FlowPlace = {
        id: `from ${part.listener} ${host?.title ?? ""}`,
        title: host === undefined ? part.listener : `${part.listener} · ${host.title}`,
        order: (entrance?.order ?? OWN) + (host?.order ?? 0),
        ...(host && { find: host.find }),
      };
      for (const { to, perSecond } of endsOf(part, clusters)) {
        links.push({ from, rule: place, to, perSecond });
      }
    }
  }
  for (const listener of live.listeners) {
    const entrance = entrances.find(({ name }) => name === listener.name);
    for (const [title, rate] of [
      ["unknown host", listener.unknownHost],
      ["no rule", listener.noRule],
    ] as const) {
      if (rate.perSecond > 0) {
        links.push({
          from: {
            id: `from ${listener.name} ${title}`,
            title: `${listener.name} · ${title === "no rule" ? "known hosts" : title}`,
            order: (entrance?.order ?? OWN) + 99_999,
          },
          rule: { id: `rule ${title}`, title, order: OWN, isTrouble: true },
          to: { id: "to 404", title: "404 by Envoy", order: OWN + 3, isTrouble: true },
          perSecond: rate.perSecond,
        });
      }
    }
  }
  return links.filter(({ perSecond }) => perSecond > 0);
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
  ];
}

function hostsByRule(
  hosts: RulesView["listeners"][number]["hosts"],
): Map<number, { readonly title: string; readonly find: string; readonly order: number }> {
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
