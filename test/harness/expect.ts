/** Holds answers against what a case says about them. Every difference becomes a line; no line is fine. */

import type { ExpectedCopy, Expectation as OfProduct, Shares } from "../../compiler/answers/cases/case.ts";
import { binomialBound } from "../../compiler/binomial.ts";
import type { ClientResponse } from "./client.ts";
import type { UpstreamRequest } from "./upstream.ts";

/** Milliseconds by which two clocks may differ; Envoy looks at its own only once in each turn of its loop. */
const CLOCK_MS = 10;

/** One answer and, where the stub upstream gave it, what the stub received. */
export interface Answer {
  readonly response: ClientResponse;
  readonly upstream: UpstreamRequest | undefined;
  /** The clusters that have the endpoint which answered; empty when the proxy answered itself. */
  readonly clusters: readonly string[];
}

/** What `sluice test` expects of an answer, and what only an upstream and a clock of our own can show. */
export interface Expectation extends Omit<OfProduct, "route" | "delayMs"> {
  readonly elapsedMs?: { readonly least?: number; readonly most?: number };
  /** Tries that the upstream saw, copies for mirrors included. */
  readonly attempts?: number;
}

export function answerOf(
  response: ClientResponse,
  clustersOf: (endpoint: string) => readonly string[],
): Answer {
  if (response.headers["x-from-backend"] === undefined || response.body === "") {
    return { response, upstream: undefined, clusters: [] };
  }
  const upstream = JSON.parse(response.body) as UpstreamRequest;
  return { response, upstream, clusters: clustersOf(upstream.endpoint) };
}

export function differences(answer: Answer, expected: Expectation): string[] {
  const { response, upstream } = answer;
  const lines: string[] = [];
  const compare = (what: string, got: unknown, wanted: unknown) => {
    if (wanted !== undefined && JSON.stringify(got) !== JSON.stringify(wanted)) {
      lines.push(`${what}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`);
    }
  };
  compare("status", response.status, expected.status);
  if (expected.cluster === "none") {
    compare("clusters", answer.clusters, []);
  } else if (expected.cluster !== undefined && !answer.clusters.includes(expected.cluster)) {
    lines.push(`cluster: expected ${expected.cluster}, got ${answer.clusters.join(" or ") || "none"}`);
  }
  compare("path at the upstream", upstream?.path, expected.path);
  compare("host at the upstream", upstream?.host, expected.host);
  compare("method at the upstream", upstream?.method, expected.method);
  for (const [name, wanted] of Object.entries(expected.headers ?? {})) {
    compare(`header ${name} at the upstream`, upstream?.headers[name.toLowerCase()] ?? null, wanted);
  }
  for (const [name, wanted] of Object.entries(expected.responseHeaders ?? {})) {
    const got = response.headers[name.toLowerCase()];
    compare(`response header ${name}`, got ?? null, wanted === null ? null : [wanted].flat());
  }
  compare("body", response.body, expected.body);
  const { least = 0, most = Number.POSITIVE_INFINITY } = expected.elapsedMs ?? {};
  // Envoy's timers count whole milliseconds of its own clock, so a wait can seem a little short from here.
  if (response.elapsedMs < least - CLOCK_MS || response.elapsedMs > most) {
    lines.push(`elapsed: expected ${least} to ${most} ms, got ${Math.round(response.elapsedMs)} ms`);
  }
  return lines;
}

/** Requests of upstreams that no client got an answer of. */
export function copiesOf(
  requests: readonly UpstreamRequest[],
  answers: readonly Answer[],
): readonly UpstreamRequest[] {
  const answered = new Map<string, number>();
  for (const { upstream } of answers) {
    const key = JSON.stringify(upstream);
    answered.set(key, (answered.get(key) ?? 0) + 1);
  }
  return requests.filter((request) => {
    const key = JSON.stringify(request);
    const left = answered.get(key) ?? 0;
    answered.set(key, left - 1);
    return left <= 0;
  });
}

export function copyDifferences(
  copies: readonly UpstreamRequest[],
  expected: readonly ExpectedCopy[],
  clustersOf: (endpoint: string) => readonly string[],
): string[] {
  const left = [...copies];
  const lines: string[] = [];
  for (const copy of expected) {
    const index = left.findIndex(
      (request) =>
        clustersOf(request.endpoint).includes(copy.cluster) &&
        (copy.path === undefined || copy.path === request.path) &&
        (copy.host === undefined || copy.host === request.host) &&
        Object.entries(copy.headers ?? {}).every(
          ([name, value]) => (request.headers[name.toLowerCase()] ?? null) === value,
        ),
    );
    if (index < 0) {
      lines.push(`copies: expected ${JSON.stringify(copy)}`);
    } else {
      left.splice(index, 1);
    }
  }
  return [...lines, ...left.map((request) => `copies: got ${JSON.stringify(request)}`)];
}

/** Headers that only the filter and its Envoy may see. The two that decide are nobody's else, whoever sent them. */
export function leakedHeaders(
  headers: readonly Readonly<Record<string, unknown>>[],
  passedOn: readonly string[] = [],
): string[] {
  const allowed = new Set(passedOn.map((name) => name.toLowerCase()));
  for (const name of ["x-sluice-cluster", "x-sluice-class"]) {
    allowed.delete(name);
  }
  return headers
    .flatMap((one) => Object.keys(one))
    .map((name) => name.toLowerCase())
    .filter((name) => name.startsWith("x-sluice-") && !allowed.has(name))
    .map((name) => `${name} left the proxy`);
}

export function shareDifferences(
  answers: readonly Answer[],
  shares: Shares,
  copies: readonly string[] = [],
): string[] {
  return [
    ...countDifferences("copy for", copies, shares.copies, answers.length),
    ...countDifferences(
      "cluster",
      answers.map(({ clusters }) => clusters[0] ?? "none"),
      shares.clusters,
    ),
    ...countDifferences(
      "status",
      answers.map(({ response }) => String(response.status)),
      shares.statuses,
    ),
  ];
}

function countDifferences(
  what: string,
  values: readonly string[],
  shares: Readonly<Record<string, number>> | undefined,
  total = values.length,
): string[] {
  if (shares === undefined) {
    return [];
  }
  const counts = new Map<string, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const lines: string[] = [];
  for (const value of new Set([...counts.keys(), ...Object.keys(shares)])) {
    const got = counts.get(value) ?? 0;
    const { least, most } = binomialBound(total, shares[value] ?? 0);
    if (got < least || got > most) {
      lines.push(`${what} ${value}: expected ${least} to ${most} of ${total}, got ${got}`);
    }
  }
  return lines;
}
