/** Holds what was observed against what a check expects; the same for every way of asking. */

import { binomialBound } from "../../binomial.ts";
import type { Check, ExpectedCopy } from "./case.ts";
import { ownHeader } from "./headers.ts";

/** One answer, and what the upstream got if one was asked. */
export interface Observation {
  readonly status: number;
  /** `none` when the proxy answered itself. */
  readonly cluster: string;
  /** Of the rule; `none` when no rule took the request. */
  readonly route: string;
  /** That the request meets. */
  readonly rateLimit: string | null;
  readonly upstream?: Sent;
  /** Lower-case names. */
  readonly responseHeaders: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly delay: { readonly leastMs: number; readonly mostMs: number };
  readonly copies: readonly (Sent & { readonly cluster: string })[];
}

export interface Sent {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** Lower-case names; several lines are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

/** Every difference once, however often it was seen. */
export function judge({ expect, shares }: Check, observed: readonly Observation[]): Difference[] {
  const found = new Map<string, Difference>();
  const add = (what: string, expected: string, actual: string) =>
    found.set(`${what}\0${expected}\0${actual}`, { what, expected, actual });
  for (const one of observed) {
    const compare = (what: string, wanted: unknown, got: unknown) => {
      if (wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(got)) {
        add(what, show(wanted), show(got));
      }
    };
    compare("route", expect.route, one.route);
    compare("rate limit", expect.rateLimit, one.rateLimit);
    compare("cluster", expect.cluster, one.cluster);
    compare("status", expect.status, one.status);
    for (const field of ["method", "host", "path"] as const) {
      compare(`${field} at the upstream`, expect[field], one.upstream?.[field] ?? null);
    }
    for (const [name, wanted] of Object.entries(expect.headers ?? {})) {
      const got = one.upstream && ownHeader(one.upstream.headers, name.toLowerCase());
      compare(`header ${name} at the upstream`, wanted, got ?? null);
    }
    for (const [name, wanted] of Object.entries(expect.responseHeaders ?? {})) {
      const got = ownHeader(one.responseHeaders, name.toLowerCase()) ?? null;
      compare(`response header ${name}`, wanted === null ? null : [wanted].flat(), got);
    }
    compare("body", expect.body, one.body);
    const { delayMs } = expect;
    if (delayMs !== undefined && (delayMs < one.delay.leastMs || delayMs > one.delay.mostMs)) {
      add("delay", `${delayMs} ms`, `${Math.round(one.delay.leastMs)} ms`);
    }
    if (expect.copies !== undefined) {
      compareCopies(expect.copies, one.copies, add);
    }
  }
  compareShares(
    "cluster",
    observed.map(({ cluster }) => cluster),
    shares?.clusters,
    observed.length,
    add,
  );
  compareShares(
    "status",
    observed.map(({ status }) => String(status)),
    shares?.statuses,
    observed.length,
    add,
  );
  compareShares(
    "copy for",
    observed.flatMap(({ copies }) => copies.map(({ cluster }) => cluster)),
    shares?.copies,
    observed.length,
    add,
  );
  return [...found.values()];
}

type Add = (what: string, expected: string, actual: string) => void;

function compareCopies(expected: readonly ExpectedCopy[], actual: Observation["copies"], add: Add): void {
  const left = [...actual];
  for (const wanted of expected) {
    const index = left.findIndex(
      (copy) =>
        copy.cluster === wanted.cluster &&
        (wanted.path === undefined || wanted.path === copy.path) &&
        (wanted.host === undefined || wanted.host === copy.host) &&
        Object.entries(wanted.headers ?? {}).every(
          ([name, value]) => (ownHeader(copy.headers, name.toLowerCase()) ?? null) === value,
        ),
    );
    if (index < 0) {
      add("copy", show(wanted), "none");
    } else {
      left.splice(index, 1);
    }
  }
  for (const { cluster, path } of left) {
    add("copy", "none", show({ cluster, path }));
  }
}

function compareShares(
  what: string,
  values: readonly string[],
  shares: Readonly<Record<string, number>> | undefined,
  total: number,
  add: Add,
): void {
  if (shares === undefined) {
    return;
  }
  const counts = new Map<string, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  for (const value of new Set([...Object.keys(shares), ...counts.keys()])) {
    const share = shares[value] ?? 0;
    const count = counts.get(value) ?? 0;
    const { least, most } = binomialBound(total, share);
    if (count < least || count > most) {
      add(
        `share of ${what} ${value}`,
        `${percent(share)} (${least} to ${most} of ${total})`,
        `${percent(count / total)} (${count})`,
      );
    }
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

function show(value: unknown): string {
  if (value === null) {
    return "absent";
  }
  return typeof value === "string"
    ? JSON.stringify(value)
    : Array.isArray(value)
      ? value.map(show).join(" and ")
      : (JSON.stringify(value) ?? "nothing");
}
