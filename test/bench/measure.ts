/** Rounds of requests to several peers by turns, so that what else the machine does strikes all of them alike. */

import { cpuMicroseconds } from "./cpu.ts";
import { type Load, sendLoad } from "./load.ts";
import type { Peer, PeerName } from "./peers.ts";
import type { BenchRequest } from "./shapes.ts";

export interface Effort {
  readonly rounds: number;
  readonly requestsARound: number;
  readonly connections: number;
  readonly roundTimeoutMs: number;
}

export interface Measured {
  readonly peer: PeerName;
  /** CPU time of the whole Envoy process a request, in microseconds: the median of the rounds. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** Of each round, in order: the rounds of one number were run one after another, so their differences can be trusted most. */
  readonly rounds: readonly number[];
  readonly startMs: number;
  readonly residentBytes: number;
  readonly blobBytes?: number;
  readonly readyMs?: number;
}

/** An Envoy that is asked in rounds. */
export interface Asked {
  readonly pid: number;
  readonly load: Pick<Load, "port" | "requests" | "expected"> & Partial<Pick<Load, "opening">>;
  /** Called once, after so many requests that are not measured. */
  readonly warmed?: (requests: number) => Promise<void>;
}

/** One that takes milliseconds a request needs fewer of them for a figure as good. */
const LONGEST_ROUND_US = 5_000_000;

export async function measure(
  peers: readonly Peer[],
  requests: readonly Buffer[],
  effort: Effort,
  expected: string,
): Promise<Measured[]> {
  const costs = await costsOfRounds(
    peers.map((peer) => ({
      pid: peer.envoy.pid,
      load: { port: peer.port, requests, expected: { start: expected } },
      warmed: (count) => expectRouted(peer, count),
    })),
    effort,
  );
  return peers.map((peer, i) => {
    const rounds = costs[i]!;
    return {
      peer: peer.name,
      median: median(rounds),
      least: Math.min(...rounds),
      most: Math.max(...rounds),
      rounds,
      startMs: peer.startMs,
      residentBytes: peer.residentBytes,
      ...(peer.blobBytes !== undefined && { blobBytes: peer.blobBytes }),
      ...(peer.readyMs !== undefined && { readyMs: peer.readyMs }),
    };
  });
}

/**
 * CPU microseconds a request, of each Envoy in each round: those of one round were asked one after another, and another one starts
 * each round.
 */
export async function costsOfRounds(all: readonly Asked[], effort: Effort): Promise<number[][]> {
  const { rounds, requestsARound, connections, roundTimeoutMs } = effort;
  const round = async ({ pid, load }: Asked, count: number) => {
    const before = cpuMicroseconds(pid);
    await sendLoad({ ...load, count, connections, timeoutMs: roundTimeoutMs });
    return (cpuMicroseconds(pid) - before) / count;
  };
  const counts: number[] = [];
  for (const one of all) {
    const count = Math.ceil(requestsARound / 4); // caches, and what V8 compiles late
    const cost = await round(one, count);
    await one.warmed?.(count);
    counts.push(Math.min(requestsARound, Math.ceil(LONGEST_ROUND_US / cost)));
  }
  const costs: number[][] = all.map(() => []);
  for (let i = 0; i < rounds; i++) {
    for (let k = 0; k < all.length; k++) {
      const at = (i + k) % all.length;
      costs[at]!.push(await round(all[at]!, counts[at]!));
    }
  }
  return costs;
}

/** A peer that gives no request a cluster is answered as quickly and alike: its figures would mean nothing. */
async function expectRouted(peer: Peer, count: number): Promise<void> {
  const stats = await peer.envoy.admin.stats("^cluster\\..*\\.(upstream_cx_none_healthy|upstream_rq_total)$");
  const routed = [...stats.values()].reduce((sum, value) => sum + value, 0);
  if (routed < count) {
    throw new Error(`${peer.name}: only ${routed} of ${count} requests were given a cluster`);
  }
}

/** What `a` takes more than `b`, in microseconds a request: the median over the rounds, which were neighbours in time. */
export function medianDifference(a: Pick<Measured, "rounds">, b: Pick<Measured, "rounds">): number {
  return median(a.rounds.map((cost, i) => cost - b.rounds[i]!));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** On the wire, with as many headers as a browser sends; what the rule needs is among them. */
export function wireRequest(request: BenchRequest, headerCount: number): Buffer {
  const headers = new Map<string, string>([["host", request.host], ...Object.entries(request.headers)]);
  for (const [name, value] of FILLERS) {
    if (headers.size >= headerCount) {
      break;
    }
    headers.set(name, value);
  }
  for (let i = 0; headers.size < headerCount; i++) {
    headers.set(`x-filler-${i}`, `value ${i}`);
  }
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`${request.method} ${request.path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
}

const FILLERS: readonly (readonly [string, string])[] = [
  [
    "user-agent",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
  ],
  ["accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["accept-language", "en-GB,en;q=0.7,de;q=0.3"],
  ["accept-encoding", "gzip, deflate, br"],
  ["cookie", "session=0123456789abcdef; theme=dark"],
  ["referer", "http://www.example/index.html"],
  ["cache-control", "no-cache"],
  ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
  ["x-forwarded-proto", "http"],
];
