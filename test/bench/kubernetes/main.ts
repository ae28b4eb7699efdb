/**
 * `npm run bench -- kubernetes`: how soon a change in a cluster decides requests, and what a large cluster costs. With a real API
 * server, a `sluice serve` and an Envoy, all on this machine: what the API server needs is part of every figure.
 */

import { ApiServer } from "../../kubernetes/harness/api-server.ts";
import { programs } from "../../kubernetes/programs/programs.ts";
import { whyNotHere } from "../../kubernetes/programs/requirements.ts";
import { notCounts, runBench } from "../command.ts";
import { CHANGE_ROWS } from "./change-rows.ts";
import { LARGE_ROWS } from "./large-rows.ts";
import { WEBHOOK_ROWS } from "./webhook-rows.ts";

const ROWS = [...CHANGE_ROWS, ...WEBHOOK_ROWS, ...LARGE_ROWS];

const HELP = `npm run bench -- kubernetes [OPTIONS]

Measures with a real Kubernetes API server how soon a change decides requests, and what a large cluster costs.

  --row NAME   what to measure; repeatable (default: all)
  --rounds N   changes for each figure (default: 100)
  --quick      the same as --rounds 10, with fewer services
  --json       print JSON
  -h, --help   print this

Rows: ${ROWS.map(({ name }) => name).join(", ")}`;

const roundsOf = ({ rounds, quick = false }: { readonly rounds?: string; readonly quick?: boolean }) =>
  rounds ?? (quick ? "10" : "100");

process.exitCode = await runBench(
  {
    help: HELP,
    flags: {
      row: { type: "string", multiple: true },
      rounds: { type: "string" },
      quick: { type: "boolean" },
    },
    title: (processor) => `A cluster, ${processor}`,
    problems: (values) => [
      ...notCounts([roundsOf(values)], 5),
      ...(values.row ?? []).filter((name) => ROWS.every((row) => row.name !== name)),
    ],
    async measure(values, say) {
      const why = await whyNotHere();
      if (why !== undefined) {
        console.error(`bench: no Kubernetes API server can be run here: ${why}`);
        return { failed: true, report: {} };
      }
      const effort = { rounds: Number(roundsOf(values)), quick: values.quick === true };
      const server = await ApiServer.start(await programs(say));
      try {
        say("| what | at most | measured |\n|---|---|---|");
        const results: object[] = [];
        let failed = false;
        for (const row of ROWS.filter(({ name }) => values.row?.includes(name) ?? true)) {
          try {
            const figures = await row.measure(server, effort);
            results.push({ name: row.name, figures });
            say(`| ${row.title(effort)} | ${row.limits} | ${row.render(figures)} |`);
          } catch (error) {
            // One that cannot be measured does not take the others along.
            failed = true;
            say(`| ${row.title(effort)} | ${row.limits} | ${(error as Error).message} |`);
          }
        }
        return { failed, report: { rounds: effort.rounds, results } };
      } finally {
        await server.stop();
      }
    },
  },
  process.argv.slice(2),
);
