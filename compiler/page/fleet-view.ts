/** How a fleet is, as its page shows it: bounded, whoever needs attention first. Pure. */

import type { FleetControl } from "../fleet/model/fleet-control.ts";
import type { ProxyReport, ProxyState } from "../fleet/model/report.ts";
import type { FleetView } from "./api.ts";

/** Some 60 kB, once a second at most. */
const MOST_PROXIES = 200;
const MOST_ROLLOUTS = 10;

const ORDER: readonly ProxyState[] = ["refused", "silent", "behind", "joining", "lost", "current"];

export function fleetView(
  fleet: Pick<FleetControl, "status" | "proxies" | "rollouts">,
  canChange: boolean,
  at: number,
): FleetView {
  const proxies = fleet
    .proxies()
    .toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.id < b.id ? -1 : 1));
  return {
    at,
    status: fleet.status(),
    rollouts: fleet.rollouts().slice(0, MOST_ROLLOUTS),
    proxies: proxies.slice(0, MOST_PROXIES),
    moreProxies: Math.max(0, proxies.length - MOST_PROXIES),
    states: statesOf(proxies),
    canChange,
  };
}

function statesOf(proxies: readonly ProxyReport[]): FleetView["states"] {
  const counts = new Map<string, Record<ProxyState, number>>();
  for (const { scope, state } of proxies) {
    const ofScope = counts.get(scope) ?? {
      joining: 0,
      current: 0,
      behind: 0,
      refused: 0,
      silent: 0,
      lost: 0,
    };
    counts.set(scope, ofScope);
    ofScope[state]++;
  }
  return [...counts].map(([scope, ofScope]) => ({ scope, counts: ofScope }));
}
