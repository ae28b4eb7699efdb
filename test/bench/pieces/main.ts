/**
 * `npm run bench -- pieces`: what each piece beside routing costs a request. An Envoy without it and one with it are asked by turns,
 * for both targets, in CPU time of their processes: each is answered as is expected, or there is no figure.
 */

import os from "node:os";
import { isMainThread, workerData } from "node:worker_threads";
import { findEnvoy } from "../../../compiler/run/envoy/find.ts";
import { notCounts, runBench } from "../command.ts";
import type { Effort } from "../measure.ts";
import { writeBlock } from "../performance-page.ts";
import { serveUpstream, startUpstreamThread, UPSTREAM_THREAD } from "../upstream.ts";
import { measurePiece, type PieceCost } from "./measure-piece.ts";
import { PIECES } from "./pieces.ts";
import { renderCost, renderHeader, renderPage } from "./render.ts";

const HELP = `npm run bench -- pieces [OPTIONS]

Measures what each piece beside routing costs a request: without it, with it, and the difference, for both targets. Half of
the rounds have a difference in the "middle half": it is known no better. "calls" is how often the filter calls Envoy.

  --piece NAME     what to measure; repeatable (default: all)
  --rounds N       rounds (default: 9)
  --requests N     requests per round (default: 4000)
  --connections N  connections (default: 16)
  --quick          the same as --rounds 3 --requests 500
  --write          write the results into docs/performance.md, of all pieces
  --json           print JSON
  -h, --help       print this

Pieces: ${PIECES.map(({ name }) => name).join(", ")}`;

interface Flags {
  readonly rounds?: string;
  readonly requests?: string;
  readonly connections?: string;
  readonly quick?: boolean;
}

function effortOf({ quick = false, rounds, requests, connections }: Flags) {
  return {
    rounds: rounds ?? (quick ? "3" : "9"),
    requests: requests ?? (quick ? "500" : "4000"),
    connections: connections ?? "16",
  };
}

const COMMAND = {
  help: HELP,
  flags: {
    piece: { type: "string", multiple: true },
    rounds: { type: "string" },
    requests: { type: "string" },
    connections: { type: "string" },
    quick: { type: "boolean" },
    write: { type: "boolean" },
  },
  title: (processor: string) => `CPU µs a request, ${processor}`,
  problems: (values: Flags & { readonly piece?: string[]; readonly write?: boolean }) => [
    ...notCounts(Object.values(effortOf(values))),
    ...(values.piece ?? []).filter((name) => PIECES.every((piece) => piece.name !== name)),
    ...(values.write === true && values.piece !== undefined ? ["--write with --piece"] : []),
  ],
  async measure(
    values: Flags & { readonly piece?: string[]; readonly write?: boolean },
    say: (line: string) => void,
  ) {
    const { rounds, requests, connections } = effortOf(values);
    const effort: Effort = {
      rounds: Number(rounds),
      requestsARound: Number(requests),
      connections: Number(connections),
      roundTimeoutMs: 120_000,
    };
    const binary = await findEnvoy({ log: say });
    const upstream = await startUpstreamThread(new URL(import.meta.url));
    const results: PieceCost[] = [];
    let failed = false;
    try {
      say(renderHeader());
      for (const piece of PIECES.filter(({ name }) => values.piece?.includes(name) ?? true)) {
        try {
          const costs = await measurePiece(piece, effort, upstream.port, binary);
          results.push(...costs);
          say(costs.map(renderCost).join("\n"));
        } catch (error) {
          // One that cannot be measured does not take the others along.
          failed = true;
          say(`${piece.name}: ${(error as Error).message}`);
        }
      }
    } finally {
      await upstream.stop();
    }
    if (values.write === true && !failed) {
      const processor = os.cpus()[0]?.model ?? "an unknown processor";
      const how = `Envoy ${binary.version}, one worker; medians of ${rounds} rounds on ${processor} with ${os.cpus().length} cores`;
      await writeBlock("pieces", renderPage(results, how));
    }
    return { failed, report: { envoy: binary.version, how: effort, results } };
  },
} as const;

if (!isMainThread && workerData === UPSTREAM_THREAD) {
  serveUpstream();
} else {
  process.exitCode = await runBench(COMMAND, process.argv.slice(2));
}
