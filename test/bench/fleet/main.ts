/**
 * `npm run bench -- fleet`: what a fleet costs its server, and how soon a change is everywhere. Clients are processes of their own;
 * the server is this one.
 */

import os from "node:os";
import { parseArgs } from "node:util";
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

async function main(args: readonly string[]): Promise<number> {
  let values: ReturnType<typeof parse>["values"];
  try {
    ({ values } = parse(args));
  } catch (error) {
    console.error(`bench: ${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  const quick = values.quick === true;
  const clients = values.clients ?? (quick ? "50" : "1000");
  const rounds = values.rounds ?? (quick ? "2" : "5");
  const names = values.row ?? ROWS.map(({ name }) => name);
  const problems = [
    ...[clients, rounds].filter((text) => !/^[1-9]\d{0,4}$/.test(text)),
    ...names.filter((name) => ROWS.every((row) => row.name !== name)),
  ];
  if (problems.length > 0) {
    console.error(`bench: "${problems.join('", "')}" is not valid\n\n${HELP}`);
    return 2;
  }
  const json = values.json === true;
  const say = (line: string) => (json ? console.error(line) : console.log(line));
  say(`A fleet, ${os.cpus()[0]?.model ?? "unknown processor"}, ${os.cpus().length} cores\n`);
  say("| what | at most | measured |\n|---|---|---|");
  const results: object[] = [];
  let failed = 0;
  for (const row of ROWS.filter(({ name }) => names.includes(name))) {
    try {
      const figures = await row.measure({ clients: Number(clients), rounds: Number(rounds), quick });
      results.push({ name: row.name, figures });
      say(`| ${row.title(Number(clients))} | ${row.limits} | ${row.render(figures)} |`);
    } catch (error) {
      // One that cannot be measured does not take the others along.
      failed += 1;
      say(`| ${row.title(Number(clients))} | ${row.limits} | ${(error as Error).message} |`);
    }
  }
  if (json) {
    const machine = { processor: os.cpus()[0]?.model, cores: os.cpus().length, node: process.version };
    console.log(JSON.stringify({ machine, rounds: Number(rounds), results }, null, 2));
  }
  return failed === 0 ? 0 : 1;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      row: { type: "string", multiple: true },
      clients: { type: "string" },
      rounds: { type: "string" },
      quick: { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
}

process.exitCode = await main(process.argv.slice(2));
