/** The cost of one piece: the edges without it and with it, for both targets, asked by turns. */

import { setTimeout as sleep } from "node:timers/promises";
import type { EnvoyBinary } from "../../../compiler/index.ts";
import { type Asked, costsOfRounds, type Effort, median, wireRequest } from "../measure.ts";
import { hostCalls } from "./host-calls.ts";
import type { Edge, Piece, RunningEdge } from "./piece.ts";
import { HEADERS, startEdge } from "./start-edge.ts";

export interface PieceCost {
  readonly piece: string;
  readonly what: string;
  readonly target: "wasm" | "native";
  /** CPU microseconds of the whole Envoy process a request: medians of the rounds. */
  readonly without: number;
  readonly with: number;
  /** The median of the differences of rounds that were neighbours in time, and between what half of them are. */
  readonly adds: number;
  readonly middleHalf: readonly [number, number];
  /** Calls of the filter to Envoy. Absent: there is no filter. */
  readonly calls?: { readonly without: number; readonly with: number };
}

const TARGETS = ["wasm", "native"] as const;

/** Until Envoy has written what it collects. */
const SHOWN_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 100;

export async function measurePiece(
  piece: Piece,
  effort: Effort,
  upstreamPort: number,
  binary: EnvoyBinary,
): Promise<PieceCost[]> {
  const arms = TARGETS.flatMap((target) => [piece.without, piece.with].map((edge) => ({ target, edge })));
  const started: RunningEdge[] = [];
  try {
    for (const { edge, target } of arms) {
      started.push(await startEdge(edge, target, upstreamPort, binary));
    }
    const costs = await costsOfRounds(
      arms.map(({ edge }, i) => asked(edge, started[i]!)),
      effort,
    );
    for (const [i, { edge, target }] of arms.entries()) {
      if (edge.shows !== undefined && !(await isShown(edge.shows, started[i]!))) {
        throw new Error(`${target}: nothing shows that it was there`);
      }
    }
    return TARGETS.map((target, i): PieceCost => {
      const [before, after] = [costs[2 * i]!, costs[2 * i + 1]!];
      const differences = after.map((cost, round) => cost - before[round]!);
      const programs = [started[2 * i]!.program, started[2 * i + 1]!.program] as const;
      return {
        piece: piece.name,
        what: piece.what,
        target,
        without: median(before),
        with: median(after),
        adds: median(differences),
        middleHalf: middleHalf(differences),
        ...(programs[0] &&
          programs[1] && {
            calls: {
              without: hostCalls(piece.without, programs[0]),
              with: hostCalls(piece.with, programs[1]),
            },
          }),
      };
    });
  } finally {
    await Promise.all(started.map((one) => one.stop()));
  }
}

function asked({ requests, expected, opening = "" }: Edge, { envoy, port }: RunningEdge): Asked {
  return {
    pid: envoy.pid,
    load: { port, requests: requests.map((one) => wireRequest(one, HEADERS)), expected, opening },
  };
}

async function isShown(shows: NonNullable<Edge["shows"]>, running: RunningEdge): Promise<boolean> {
  const deadline = performance.now() + SHOWN_WITHIN_MS;
  while (!(await shows(running))) {
    if (performance.now() > deadline) {
      return false;
    }
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}

/** The first and the third quartile. */
function middleHalf(values: readonly number[]): [number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const quarter = (sorted.length - 1) / 4;
  return [sorted[Math.round(quarter)]!, sorted[Math.round(3 * quarter)]!];
}
