/**
 * `npm run bench -- kubernetes`: how soon a change in a cluster decides requests, and what a large cluster costs. With a real API
 * server, a `sluice serve` and an Envoy, all on this machine: what the API server needs is part of every figure.
 */

import os from "node:os";
import { parseArgs } from "node:util";
import { ApiServer } from "../../kubernetes/harness/api-server.ts";
import { programs } from "../../kubernetes/programs/programs.ts";
import { whyNotHere } from "../../kubernetes/programs/requirements.ts";
import { CHANGE_ROWS } from "./change-rows.ts";
import { LARGE_ROWS } from "./large-rows.ts";

const ROWS = [...CHANGE_ROWS, ...LARGE_ROWS];

const HELP = `npm run bench -- kubernetes [OPTIONS]

Measures with a real Kubernetes API server how soon a change decides requests, and what a large cluster costs.

  --row NAME   what to measure; repeatable (default: all)
  --rounds N   changes for each figure (default: 100)
  --quick      the same as --rounds 10, with fewer services
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
  const rounds = values.rounds ?? (quick ? "10" : "100");
  const names = values.row ?? ROWS.map(({ name }) => name);
  const problems = [
    ...[rounds].filter((text) => !/^[1-9]\d{0,4}$/.test(text)),
    ...names.filter((name) => ROWS.every((row) => row.name !== name)),
  ];
  if (problems.length > 0) {
    console.error(`bench: "${problems.join('", "')}" is not valid\n\n${HELP}`);
    return 2;
  }
  const why = await whyNotHere();
  if (why !== undefined) {
    console.error(`bench: no Kubernetes API server can be run here: ${why}`);
    return 3;
  }
  const json = values.json === true;
  const say = (line: string) => (json ? console.error(line) : console.log(line));
  const effort = { rounds: Number(rounds), quick };
  const server = await ApiServer.start(await programs(say));
  try {
    say(`A cluster, ${os.cpus()[0]?.model ?? "unknown processor"}, ${os.cpus().length} cores\n`);
    say("| what | at most | measured |\n|---|---|---|");
    const results: object[] = [];
    let failed = 0;
    for (const row of ROWS.filter(({ name }) => names.includes(name))) {
      try {
        const figures = await row.measure(server, effort);
        results.push({ name: row.name, figures });
        say(`| ${row.title(effort)} | ${row.limits} | ${row.render(figures)} |`);
      } catch (error) {
        // One that cannot be measured does not take the others along.
        failed += 1;
        say(`| ${row.title(effort)} | ${row.limits} | ${(error as Error).message} |`);
      }
    }
    if (json) {
      const machine = { processor: os.cpus()[0]?.model, cores: os.cpus().length, node: process.version };
      console.log(JSON.stringify({ machine, rounds: effort.rounds, results }, null, 2));
    }
    return failed === 0 ? 0 : 1;
  } finally {
    await server.stop();
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      row: { type: "string", multiple: true },
      rounds: { type: "string" },
      quick: { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
}

process.exitCode = await main(process.argv.slice(2));
