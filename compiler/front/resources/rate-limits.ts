/**
 * The text of `sluice.dev/rate-limit`: limits, separated by semicolons or lines, each for the rules that it names.
 *
 *     100/s burst 50                               all rules of the VirtualService together
 *     *: 100/s                                     each rule that no other limit names, by itself
 *     checkout: 10/s burst 20 by client-address    the rule of this name
 *     10/s by claim:sub                            each subject of a verified token by itself
 */

import { type LimitKey, MOST_REQUESTS, type RateLimit } from "../../ir/rate-limit.ts";
import { MAX_CLAIM_DEPTH, parseClaimPath } from "./claim-names.ts";
import { isHeaderToken } from "./header-names.ts";

/** A limit, before it is known whose. */
export interface WrittenLimit extends Omit<RateLimit, "bucket"> {
  /** Of a rule; `*`: each that is not named. Absent: all together that are not named. */
  readonly rule?: string;
}

/** Each rule that is not named. */
export const EACH_RULE = "*";

/** Either what a text says, or all that is wrong with it, in words. */
export type WrittenLimits =
  | { readonly limits: readonly WrittenLimit[] }
  | { readonly wrong: readonly string[] };

/** What the text of an annotation means. */
export function parseRateLimits(text: string): WrittenLimits {
  const entries = text
    .split(/[;\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  if (entries.length === 0) {
    return { wrong: ["no limit is given"] };
  }
  const limits: WrittenLimit[] = [];
  const wrong: string[] = [];
  for (const entry of entries) {
    const read = parseEntry(entry);
    if (typeof read === "string") {
      wrong.push(read);
    } else if (limits.some(({ rule }) => rule === read.rule)) {
      wrong.push(`two limits for ${named(read.rule)}`);
    } else {
      limits.push(read);
    }
  }
  if ([undefined, EACH_RULE].every((all) => limits.some(({ rule }) => rule === all))) {
    wrong.push(`a limit for all rules together and one for each ("${EACH_RULE}") exclude each other`);
  }
  return wrong.length > 0 ? { wrong } : { limits };
}

function named(rule: string | undefined): string {
  return rule === undefined ? "all rules" : `rule "${rule}"`;
}

/** A rule's name may have blanks and colons in it: the last one that a blank follows ends it. What begins with a rate has no name. */
const ENTRY = /^(?:(?!\d+\/)(?<rule>.*\S)\s*:\s+)?(?<limit>.*)$/;
const LIMIT = /^(?<rate>\S+)(?<rest>(?:\s+\S+)*)$/;
const RATE = /^(?<requests>\d+)\/(?<unit>[a-z]+)$/;
const PERIODS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Or what is wrong with it. */
function parseEntry(entry: string): WrittenLimit | string {
  const { rule, limit = "" } = ENTRY.exec(entry)?.groups ?? {};
  const { rate = "", rest = "" } = LIMIT.exec(limit)?.groups ?? {};
  const { requests = "", unit = "" } = RATE.exec(rate)?.groups ?? {};
  if (requests === "") {
    return `"${limit}" does not begin with a rate`;
  }
  const periodMs = Object.hasOwn(PERIODS, unit) ? PERIODS[unit] : undefined;
  if (periodMs === undefined) {
    return `"${unit}" is not a unit of rates: use s, m or h`;
  }
  if (!isCount(requests)) {
    return `the rate "${rate}" is not one of 1 to ${MOST_REQUESTS} requests`;
  }
  const words = rest
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
  let burst = requests;
  if (words[0] === "burst") {
    burst = words[1] ?? "";
    words.splice(0, 2);
    if (!isCount(burst)) {
      return `the burst "${burst}" is not one of 1 to ${MOST_REQUESTS} requests`;
    }
  }
  let by: LimitKey | undefined;
  if (words[0] === "by") {
    by = parseKey(words[1] ?? "");
    if (by === undefined) {
      return `"${words[1] ?? ""}" does not tell clients apart`;
    }
    words.splice(0, 2);
  }
  if (words.length > 0) {
    return `"${words.join(" ")}" is not expected at the end of "${entry}"`;
  }
  return {
    ...(rule !== undefined && { rule }),
    requests: Number(requests),
    periodMs,
    burst: Number(burst),
    ...(by && { by }),
  };
}

function isCount(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_REQUESTS;
}

function parseKey(text: string): LimitKey | undefined {
  if (text === "client-address") {
    return { kind: "clientAddress" };
  }
  if (text.startsWith("claim:")) {
    return parseClaim(text.slice("claim:".length));
  }
  const name = /^header:(.*)$/.exec(text)?.[1];
  return name !== undefined && isHeaderToken(name) ? { kind: "header", name: name.toLowerCase() } : undefined;
}

/** `a.b` or `[a][b]`: as matches name claims, behind their prefix. The filter keeps names apart by a NUL. */
function parseClaim(text: string): LimitKey | undefined {
  const path = parseClaimPath(text.startsWith("[") ? text : `.${text}`);
  const isNamed = path?.every((name) => name !== "" && !name.includes("\0"));
  return path !== undefined && isNamed && path.length <= MAX_CLAIM_DEPTH
    ? { kind: "claim", path }
    : undefined;
}
