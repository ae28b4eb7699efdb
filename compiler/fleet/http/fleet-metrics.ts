/** What a fleet counts, for Prometheus. Few metrics, low in cardinality: labels are scopes, states and kinds, never proxies. */

import { packageRoot } from "../../platform/package-root.ts";
import type { FleetEvent } from "../model/event.ts";
import type { FleetControl } from "../model/fleet-control.ts";
import type { ProxyState, RolloutReport } from "../model/report.ts";
import { Counter, exposition, type Family, Histogram, type Sample } from "./exposition.ts";
import { ruleFamilies } from "./rule-metrics.ts";

/** What the fleet itself does not know. */
export interface ServerCounts {
  /** Of now. */
  readonly streams: number;
  /** Bytes of responses since the start. */
  readonly sentBytes: number;
}

const STATES: readonly ProxyState[] = ["joining", "current", "behind", "refused", "silent", "lost"];
const PHASES: readonly RolloutReport["phase"][] = ["running", "done", "failed", "aborted", "superseded"];
const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30];

export class FleetMetrics {
  readonly #acknowledged = new Histogram(
    "sluice_change_to_ack_seconds",
    "Time from when a proxy was to have a revision to its last acknowledgement of it.",
    SECONDS,
  );
  readonly #nacks = new Counter(
    "sluice_nacks_total",
    "Steps that proxies refused, by what they were of.",
    ["clusters", "listeners", "rules", "removal"].map((kind) => ({ kind })),
  );
  readonly #deadlines = new Counter(
    "sluice_step_deadlines_total",
    "Steps that proxies did not acknowledge in time.",
  );
  readonly #stopped = new Counter(
    "sluice_rollouts_failed_total",
    "Roll-outs that were stopped and taken back.",
  );
  readonly #refused = new Counter("sluice_rules_refused_total", "Readings of the rules that had errors.");
  readonly #turnedAway = new Counter(
    "sluice_clients_refused_total",
    "Clients that were not served, or no longer.",
  );

  tell(event: FleetEvent): void {
    switch (event.kind) {
      case "taken":
        this.#acknowledged.observe(event.ms / 1000);
        break;
      case "refused":
        this.#nacks.add(1, { kind: event.step ?? "unknown" });
        break;
      case "silent":
        this.#deadlines.add(1);
        break;
      case "stopped":
        this.#stopped.add(1);
        break;
      case "rules":
        this.#refused.add(event.refused ? 1 : 0);
        break;
    }
  }

  /** Somebody was not served. */
  turnedAway(): void {
    this.#turnedAway.add(1);
  }

  /** `showsRules`: also what rules have counted. */
  text(
    fleet: FleetControl,
    { streams, sentBytes }: ServerCounts,
    { showsRules }: { readonly showsRules: boolean },
  ): string {
    const [rollout] = fleet.rollouts();
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return exposition([
      gauge("sluice_build_info", "The version that runs.", [
        { labels: { version: packageRoot().version }, value: 1 },
      ]),
      gauge("sluice_proxies", "Proxies by scope and state.", proxiesByState(fleet)),
      gauge("sluice_streams", "Streams that are open.", [{ value: streams }]),
      this.#acknowledged,
      counted("sluice_push_bytes_total", "Bytes that proxies were sent.", sentBytes),
      this.#nacks.family,
      this.#deadlines.family,
      gauge(
        "sluice_rollout_state",
        "1 for the state of the newest roll-out, 0 for all others.",
        PHASES.map((state) => ({ labels: { state }, value: Number(rollout?.phase === state) })),
      ),
      gauge("sluice_rollout_wave", "The wave of the newest roll-out, from 1; 0 before the first.", [
        { value: rollout === undefined ? 0 : rollout.wave + 1 },
      ]),
      this.#stopped.family,
      this.#refused.family,
      this.#turnedAway.family,
      ...(showsRules ? ruleFamilies(fleet.ruleCounts()) : []),
      gauge("process_resident_memory_bytes", "Memory of the server.", [{ value: rss }]),
      gauge("nodejs_heap_size_used_bytes", "Heap of the server.", [{ value: heapUsed }]),
      counted("process_cpu_seconds_total", "Time that the server took of processors.", (user + system) / 1e6),
      gauge("process_start_time_seconds", "When the server started, since 1970.", [
        { value: Math.round(Date.now() / 1000 - process.uptime()) },
      ]),
    ]);
  }
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: "gauge", samples };
}

function counted(name: string, help: string, value: number): Family {
  return { name, help, type: "counter", samples: [{ value }] };
}

/** Of each scope every state, so that a state which nobody is in any more is 0, and not what it was last. */
function proxiesByState(fleet: FleetControl): Sample[] {
  const counts = new Map<string, Record<ProxyState, number>>();
  for (const { scope, state } of fleet.proxies()) {
    let ofScope = counts.get(scope);
    if (ofScope === undefined) {
      ofScope = { joining: 0, current: 0, behind: 0, refused: 0, silent: 0, lost: 0 };
      counts.set(scope, ofScope);
    }
    ofScope[state]++;
  }
  return [...counts].flatMap(([scope, ofScope]) =>
    STATES.map((state) => ({ labels: { scope, state }, value: ofScope[state] })),
  );
}
