/**
 * Which statistics a proxy may report: those of listeners, rules and clusters that the server serves or has served lately. Whatever else it
 * says is dropped, so a proxy cannot fill the memory of its server, or the pages of whoever reads from there, with names of its own.
 */

import {
  labelValue,
  matchLabel,
  parseStatName,
  RULE_STATS,
  ruleLabel,
  type StatLabels,
  statName,
} from "../../back/stat-names.ts";
import type { Config, VirtualHost } from "../../ir/ir.ts";

/** One that may be reported, the same object for all proxies. */
export interface Statistic {
  /** As Envoy names it. */
  readonly name: string;
  /** Of a rule: as Prometheus has it. */
  readonly ofRule?: { readonly metric: string; readonly labels: StatLabels };
}

interface Served {
  readonly matches: Set<string>;
  readonly clusters: Set<string>;
}

const PREFIX = "wasmcustom.";
const CLUSTER = /^cluster\.(.+);\.upstream_rq_(?:[1-5]xx|retry|timeout|pending_overflow)$/;
const ANSWERS = /^http\.(.+)\.downstream_rq_[1-5]xx$/;

/** The values that each has of the label that is its own. */
const VALUES = {
  kind: ["redirect", "direct"],
  fault: ["delay", "abort"],
  why: ["host", "rule"],
} as const;

export class ServedStatistics {
  readonly #statistics = new Map<string, Statistic>();
  /** By listener and rule, where a rule without a name is that of a route which no rule made. */
  #listeners = new Map<string, Map<string, Served>>();
  #clusters = new Set<string>();
  #configs: readonly Config[] = [];

  /** From now on these are served. Gives the statistics that are of nothing any more; there are none where nothing has changed. */
  serve(configs: readonly Config[]): readonly Statistic[] {
    if (
      configs.length === this.#configs.length &&
      configs.every((config, i) => config === this.#configs[i])
    ) {
      return [];
    }
    this.#configs = configs;
    this.#listeners = new Map();
    this.#clusters = new Set();
    const seen = new Map<string, Set<VirtualHost>>();
    for (const { listeners, clusters } of configs) {
      for (const { name } of clusters) {
        this.#clusters.add(asEnvoyWrites(name));
      }
      for (const { name, routes } of listeners) {
        const hosts = seen.get(name) ?? new Set();
        seen.set(name, hosts);
        for (const host of routes.virtualHosts.filter((one) => !hosts.has(one))) {
          // Scopes and revisions have most of them in common.
          hosts.add(host);
          this.#add(labelValue(name), host);
        }
      }
    }
    const gone = [...this.#statistics.values()].filter(({ name }) => this.#read(name) === undefined);
    for (const { name } of gone) {
      this.#statistics.delete(name);
    }
    return gone;
  }

  /** `undefined` for one that nobody is to report. */
  find(name: string): Statistic | undefined {
    let statistic = this.#statistics.get(name);
    if (statistic === undefined) {
      statistic = this.#read(name);
      if (statistic !== undefined) {
        this.#statistics.set(name, statistic);
      }
    }
    return statistic;
  }

  #add(listener: string, { routes }: VirtualHost): void {
    const rules = this.#listeners.get(listener) ?? new Map<string, Served>();
    this.#listeners.set(listener, rules);
    for (const route of routes) {
      const label = ruleLabel(route.origin);
      const served = rules.get(label) ?? { matches: new Set(), clusters: new Set() };
      rules.set(label, served);
      served.matches.add(matchLabel(route.origin));
      for (const { cluster } of route.action.kind === "forward" ? route.action.destinations : []) {
        served.clusters.add(labelValue(cluster));
      }
    }
  }

  #read(name: string): Statistic | undefined {
    if (name.startsWith(PREFIX)) {
      const parsed = parseStatName(name);
      // One spelling each.
      return parsed !== undefined &&
        `${PREFIX}${statName(parsed.metric, parsed.labels)}` === name &&
        this.#isServed(parsed.metric, parsed.labels)
        ? { name, ofRule: parsed }
        : undefined;
    }
    const [, listener] = ANSWERS.exec(name) ?? [];
    if (listener !== undefined) {
      return this.#listeners.has(labelValue(listener)) ? { name } : undefined;
    }
    const [, cluster] = CLUSTER.exec(name) ?? [];
    return cluster !== undefined && this.#clusters.has(cluster) ? { name } : undefined;
  }

  #isServed(metric: string, labels: StatLabels): boolean {
    const { listener = "", rule = "", match = "", cluster, ...own } = labels;
    const rules = this.#listeners.get(listener);
    const [[label, value] = [undefined, ""], ...more] = Object.entries(own);
    if (rules === undefined || more.length > 0) {
      return false;
    }
    if (metric === RULE_STATS.unmatched) {
      return rule + match === "" && cluster === undefined && label === "why" && isOneOf(label, value);
    }
    const served = rules.get(rule);
    if (served === undefined || !served.matches.has(match)) {
      return false;
    }
    switch (metric) {
      case RULE_STATS.requests:
        return label === undefined && cluster !== undefined && served.clusters.has(cluster);
      case RULE_STATS.answers:
        return cluster === undefined && label === "kind" && isOneOf(label, value);
      case RULE_STATS.faults:
        return cluster === undefined && label === "fault" && isOneOf(label, value);
      case RULE_STATS.left:
      case RULE_STATS.limited:
        return cluster === undefined && label === undefined;
      default:
        return false;
    }
  }
}

function isOneOf(label: keyof typeof VALUES, value: string): boolean {
  return (VALUES[label] as readonly string[]).includes(value);
}

/** In the names of its statistics. */
function asEnvoyWrites(cluster: string): string {
  return cluster.replaceAll(":", "_");
}
