/** What it costs a server that all its proxies report what each of their rules has counted, all of which have moved. */

import { RULE_STATS, statName } from "../../../compiler/back/stat-names.ts";
import { REPORT_INTERVAL_MS } from "../../../compiler/fleet/signal/stats-sink.ts";
import { median } from "../measure.ts";
import type { Effort, Figures, Row } from "./row.ts";
import { withFleet } from "./served.ts";

/** Of each service of the mesh. */
const RULES_EACH = 3;
const RULES = 1_002;
const QUICK_RULES = 102;
/** Only what is served is summed; the server looks at that once a second. */
const LOOK_MS = 1_100;

async function reportsOf({ clients, rounds, quick }: Effort): Promise<Figures> {
  const rules = quick ? QUICK_RULES : RULES;
  return withFleet({ clients, services: rules / RULES_EACH }, async ({ report }) => {
    const names = Array.from({ length: rules }, (_, i) => {
      const labels = {
        listener: "mesh",
        rule: `shop/service-${Math.floor(i / RULES_EACH)}#${(i % RULES_EACH) + 1}`,
        cluster: `outbound|8080||service-${Math.floor(i / RULES_EACH)}.shop.svc.cluster.local`,
      };
      return `wasmcustom.${statName(RULE_STATS.requests, labels)}`;
    });
    await report(names, 1);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const measured: Awaited<ReturnType<typeof report>>[] = [];
    for (let i = 0; i < rounds; i++) {
      measured.push(await report(names, 2 + i));
    }
    const { sum } = measured.at(-1)!;
    if (sum !== clients * rules * (rounds + 1)) {
      throw new Error(`the sum is ${sum}, and not ${clients * rules * (rounds + 1)}`);
    }
    const cpuMs = median(measured.map((one) => one.cpuMs));
    return {
      cpuMs,
      share: cpuMs / REPORT_INTERVAL_MS,
      bytesEach: measured[0]!.bytesEach,
      rssMb: Math.max(...measured.map(({ rssMb }) => rssMb)),
    };
  });
}

const count = (value: number) => value.toLocaleString("en");

export const REPORT_ROWS: readonly Row[] = [
  {
    name: "reports",
    title: (clients) =>
      `${count(clients)} clients report ${count(RULES)} rules each, all moved: a report of all`,
    limits: "CPU 5 s (a core at one in 5 s), 250 kB a client",
    measure: reportsOf,
    render: ({ cpuMs = Number.NaN, share = Number.NaN, bytesEach = Number.NaN, rssMb = Number.NaN }) =>
      `CPU ${(cpuMs / 1000).toFixed(2)} s (${(share * 100).toFixed(0)} % of a core), ${(bytesEach / 1000).toFixed(0)} kB a client, ${rssMb.toFixed(0)} MB`,
  },
];
