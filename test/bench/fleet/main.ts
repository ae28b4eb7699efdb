/**
 * `npm run bench -- fleet`: what a fleet costs its server, and how soon a change is everywhere. Clients are processes of their own;
 * the server is this one.
 */

import { notCounts, runBench } from "../command.ts";
import { ROWS } from "./rows.ts";

const HELP = `npm run bench -- fleet [OPTIONS]

Measures how soon a change reaches a fleet, and what that costs the server.

  --row NAME   what to measure; repeatable (default: all)
  --clients N  simulated clients (default: 1000)
  --rounds N   changes for each median (default: 5)
  --quick      the same as --clients 50 --rounds 2, with fewer services
  --json       print JSON
  -h, --help   print this

Rows: ${ROWS.map(({ name }) => name).join(", ")}`;

interface Effort {
  readonly clients: string;
  readonly rounds: string;
}

const effortOf = ({
  clients,
  rounds,
  quick = false,
}: Partial<Effort> & { readonly quick?: boolean }): Effort => ({
  clients: clients ?? (quick ? "50" : "1000"),
  rounds: rounds ?? (quick ? "2" : "5"),
});

process.exitCode = await runBench(
  {
    help: HELP,
    flags: {
      row: { type: "string", multiple: true },
      clients: { type: "string" },
      rounds: { type: "string" },
      quick: { type: "boolean" },
    },
    title: (processor) => `A fleet, ${processor}`,
    problems: (values) => [
      ...notCounts(Object.values(effortOf(values)), 5),
      ...(values.row ?? []).filter((name) => ROWS.every((row) => row.name !== name)),
    ],
    async measure(values, say) {
      const effort = effortOf(values);
      const clients = Number(effort.clients);
      const rounds = Number(effort.rounds);
      say("| what | at most | measured |\n|---|---|---|");
      const results: object[] = [];
      let failed = false;
      for (const row of ROWS.filter(({ name }) => values.row?.includes(name) ?? true)) {
        try {
          const figures = await row.measure({ clients, rounds, quick: values.quick === true });
          results.push({ name: row.name, figures });
          say(`| ${row.title(clients)} | ${row.limits} | ${row.render(figures)} |`);
        } catch (error) {
          // One that cannot be measured does not take the others along.
          failed = true;
          say(`| ${row.title(clients)} | ${row.limits} | ${(error as Error).message} |`);
        }
      }
      return { failed, report: { rounds, results } };
    },
  },
  process.argv.slice(2),
);
