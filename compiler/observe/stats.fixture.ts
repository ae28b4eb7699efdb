/** Statistics as Envoy's admin interface answers with them, of counters that a test sets. */

import { RULE_STATS, type StatLabels, statName } from "../back/stat-names.ts";
import type { EnvoyStats } from "./reading.ts";
import type { AskedAdmin } from "./scrape.ts";

export class FakeEnvoy implements AskedAdmin {
  readonly counters = new Map<string, number>();
  readonly gauges = new Map<string, number>([["server.uptime", 100]]);
  readonly asked: string[] = [];
  /** What it fails with. */
  failure: Error | undefined;

  add(metric: keyof typeof RULE_STATS, labels: StatLabels, count = 1): void {
    const name = `wasmcustom.${statName(RULE_STATS[metric], labels)}`;
    this.counters.set(name, (this.counters.get(name) ?? 0) + count);
  }

  weigh(labels: StatLabels, weight: number): void {
    this.gauges.set(`wasmcustom.${statName(RULE_STATS.weight, labels)}`, weight);
  }

  restart(): void {
    this.counters.clear();
    this.gauges.set("server.uptime", 0);
  }

  async get(path: string): Promise<{ status: number; body: string }> {
    this.asked.push(path);
    if (this.failure !== undefined) {
      throw this.failure;
    }
    const type = new URLSearchParams(path.slice(path.indexOf("?"))).get("type");
    return { status: 200, body: JSON.stringify(this.stats(type)) };
  }

  stats(type: string | null): EnvoyStats {
    const values = type === "Counters" ? this.counters : type === "Gauges" ? this.gauges : new Map();
    return { stats: [...values].map(([name, value]) => ({ name, value })) };
  }

  all(): readonly EnvoyStats[] {
    return [this.stats("Counters"), this.stats("Gauges")];
  }
}

/** As `splitsOf` has it, of one rule at one listener. */
export const REVIEWS = { listener: "mesh", rule: "default/reviews#split" } as const;
