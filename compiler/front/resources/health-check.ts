/**
 * The annotation `sluice.dev/health-check`: a line of words, of which the first says what is asked.
 *
 *     http /healthz every 5s timeout 1s unhealthy 3 healthy 2; subset canary grpc shop.Reviews port 9090; subset old off
 *
 * No field of Istio's says any of it: in a mesh, it is Kubernetes that asks.
 */

import { nearest } from "../../diagnostics/nearest.ts";
import { parseDuration } from "./schema/duration.ts";

/** How the endpoints of a DestinationRule's host, or of a ServiceEntry, are checked. */
export const HEALTH_CHECK = "sluice.dev/health-check";

/** Of one host or subset. Times in milliseconds. What depends on what is checked is absent where nobody wrote it. */
export interface WrittenCheck {
  readonly asks: "http" | "http2" | "grpc" | "tcp";
  /** Of a request. */
  readonly path: string;
  /** Of gRPC; absent: the server as a whole. */
  readonly service?: string;
  readonly host?: string;
  /** Of the endpoint; absent: where its requests go. */
  readonly port?: number;
  readonly statuses: readonly (readonly [from: number, to: number])[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
  /** Percent of healthy endpoints below which all are used. */
  readonly panicPercent?: number;
}

/** `off`: none, whatever else would hold. */
export type CheckSetting = WrittenCheck | "off";

export interface HealthChecks {
  /** Of all that has nothing of its own. */
  readonly whole?: CheckSetting;
  readonly subsets: ReadonlyMap<string, CheckSetting>;
}

/** What an annotation means, or what is wrong with it, in words. */
export type ParsedChecks = { readonly checks: HealthChecks } | { readonly wrong: string };

const DEFAULT_INTERVAL_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 1_000;
const DEFAULT_UNHEALTHY = 3;
const DEFAULT_HEALTHY = 2;
const DEFAULT_STATUSES = [[200, 299]] as const;

/** Less would be a load of its own. */
const SHORTEST_MS = 10;
const LONGEST_INTERVAL_MS = 3_600_000;
/** A change of rules waits for the first check of each endpoint, and is taken back after 15 s. */
const LONGEST_TIMEOUT_MS = 10_000;
const HIGHEST_THRESHOLD = 100;
const HIGHEST_PORT = 65_535;
const LONGEST_TARGET = 1024;
/** Of a word that is too long to be shown. */
const SHOWN = 20;

export function parseHealthChecks(value: string): ParsedChecks {
  const subsets = new Map<string, CheckSetting>();
  let whole: CheckSetting | undefined;
  for (const clause of value.split(";")) {
    const words = new Words(clause);
    const subset = words.takeIf("subset") ? words.take("the name of a subset") : undefined;
    const setting = readSetting(words);
    if (words.wrong !== undefined) {
      return { wrong: words.wrong };
    }
    if (subset === undefined) {
      if (whole !== undefined) {
        return { wrong: 'there are two checks for all endpoints; begin one with "subset NAME"' };
      }
      whole = setting;
    } else {
      if (subsets.has(subset)) {
        return { wrong: `there are two checks for subset "${subset}"` };
      }
      subsets.set(subset, setting);
    }
  }
  return { checks: { ...(whole !== undefined && { whole }), subsets } };
}

/** The words of a clause, from left to right, up to the first that is wrong. */
class Words {
  readonly #words: readonly string[];
  #next = 0;
  /** The first thing that is wrong. What is read after it means nothing. */
  wrong: string | undefined;

  constructor(text: string) {
    this.#words = text.split(/\s+/).filter((word) => word !== "");
  }

  /** The word that is read next; none behind what is wrong. */
  get next(): string | undefined {
    return this.wrong === undefined ? this.#words[this.#next] : undefined;
  }

  take(what: string): string {
    const { next } = this;
    if (next === undefined) {
      const before = this.#words[this.#next - 1];
      this.fail(before === undefined ? `expected ${what}` : `expected ${what} after "${before}"`);
      return "";
    }
    this.#next += 1;
    return next;
  }

  takeIf(word: string): boolean {
    const isNext = this.next === word;
    this.#next += isNext ? 1 : 0;
    return isNext;
  }

  fail(wrong: string): void {
    this.wrong ??= wrong;
  }
}

const KINDS = ["http", "http2", "grpc", "tcp", "off"] as const;
const KINDS_LISTED = "http, http2, grpc, tcp or off";

interface SettingWord {
  /** Absent: of all kinds. */
  readonly of?: readonly WrittenCheck["asks"][];
  readonly read: (words: Words) => Partial<WrittenCheck>;
}

const SETTINGS: ReadonlyMap<string, SettingWord> = new Map<string, SettingWord>([
  ["every", { read: (words) => ({ intervalMs: takeDuration(words, "every", LONGEST_INTERVAL_MS) }) }],
  ["timeout", { read: (words) => ({ timeoutMs: takeDuration(words, "timeout", LONGEST_TIMEOUT_MS) }) }],
  [
    "unhealthy",
    { read: (words) => ({ unhealthyThreshold: takeNumber(words, "unhealthy", HIGHEST_THRESHOLD) }) },
  ],
  ["healthy", { read: (words) => ({ healthyThreshold: takeNumber(words, "healthy", HIGHEST_THRESHOLD) }) }],
  ["port", { read: (words) => ({ port: takeNumber(words, "port", HIGHEST_PORT) }) }],
  ["host", { of: ["http", "http2", "grpc"], read: (words) => ({ host: takeHost(words) }) }],
  ["expect", { of: ["http", "http2"], read: (words) => ({ statuses: takeStatuses(words) }) }],
  ["panic", { read: (words) => ({ panicPercent: takePercent(words) }) }],
]);

function readSetting(words: Words): CheckSetting {
  const kind = words.take(KINDS_LISTED);
  const asks = KINDS.find((known) => known === kind);
  if (asks === undefined || asks === "off") {
    if (asks === undefined) {
      words.fail(`"${kind}" is not a kind of check; expected ${KINDS_LISTED}`);
    } else if (words.next !== undefined) {
      words.fail(`"off" stands alone, and "${words.next}" follows it`);
    }
    return "off";
  }
  const target = takeTarget(asks, words);
  const written = takeSettings(asks, words);
  const { intervalMs = DEFAULT_INTERVAL_MS } = written;
  return {
    asks,
    path: "/",
    ...target,
    statuses: DEFAULT_STATUSES,
    intervalMs,
    timeoutMs: Math.min(DEFAULT_TIMEOUT_MS, intervalMs),
    unhealthyThreshold: DEFAULT_UNHEALTHY,
    healthyThreshold: DEFAULT_HEALTHY,
    ...written,
  };
}

function takeSettings(asks: WrittenCheck["asks"], words: Words): Partial<WrittenCheck> {
  const seen = new Set<string>();
  let written: Partial<WrittenCheck> = {};
  while (words.next !== undefined) {
    const name = words.take("a word");
    const setting = SETTINGS.get(name);
    if (setting === undefined) {
      const near = nearest(name, [...SETTINGS.keys()]);
      words.fail(`unknown word "${name}"${near === undefined ? "" : `; did you mean "${near}"?`}`);
    } else if (setting.of?.includes(asks) === false) {
      words.fail(`"${name}" has no meaning for a check of kind ${asks}`);
    } else if (seen.has(name)) {
      words.fail(`"${name}" is given twice`);
    } else {
      seen.add(name);
      written = { ...written, ...setting.read(words) };
    }
  }
  return written;
}

/** Visible characters of ASCII, as in a request line. */
const PATH = /^\/[!-~]*$/;
const GRPC_SERVICE = /^[A-Za-z0-9_./-]+$/;

/** What stands right behind the kind. */
function takeTarget(
  asks: WrittenCheck["asks"],
  words: Words,
): Partial<Pick<WrittenCheck, "path" | "service">> {
  const { next } = words;
  if (next === undefined || SETTINGS.has(next) || asks === "tcp") {
    return {};
  }
  const target = words.take("a target");
  if (target.length > LONGEST_TARGET) {
    words.fail(`"${target.slice(0, SHOWN)}…" is longer than ${LONGEST_TARGET} characters`);
    return {};
  }
  if (asks === "grpc") {
    if (!GRPC_SERVICE.test(target)) {
      words.fail(`"${target}" is not the name of a gRPC service`);
    }
    return { service: target };
  }
  // A fragment is never sent.
  if (!PATH.test(target) || target.includes("#")) {
    words.fail(`"${target}" is not a path; it must begin with a slash, without "#"`);
  }
  return { path: target };
}

function takeDuration(words: Words, name: string, mostMs: number): number {
  const text = words.take("a duration");
  const ms = parseDuration(text);
  if (ms === undefined || !Number.isInteger(ms)) {
    words.fail(`${name}: "${text}" is not a valid duration; use a number and a unit, such as 500ms`);
    return 0;
  }
  if (ms < SHORTEST_MS || ms > mostMs) {
    words.fail(`${name}: "${text}" is not between ${SHORTEST_MS}ms and ${mostMs / 1000}s`);
  }
  return ms;
}

function takeNumber(words: Words, name: string, most: number): number {
  const text = words.take("a number");
  const number = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > most) {
    words.fail(`${name}: "${text}" is not a whole number from 1 to ${most}`);
  }
  return number;
}

function takePercent(words: Words): number {
  const text = words.take("a percentage");
  const percent = Number(/^([0-9]{1,3})%$/.exec(text)?.[1] ?? Number.NaN);
  if (!(percent <= 100)) {
    words.fail(`panic: "${text}" is not a percentage; use 0% to 100%`);
  }
  return percent;
}

const HOST = /^[A-Za-z0-9._-]+(?::[0-9]{1,5})?$/;

function takeHost(words: Words): string {
  const text = words.take("a host name");
  if (!HOST.test(text)) {
    words.fail(`host: "${text}" is not a host name`);
  }
  return text;
}

function takeStatuses(words: Words): WrittenCheck["statuses"] {
  const text = words.take("a status");
  return text.split(",").map((part) => {
    const [, from = "", to = from] = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(part) ?? [];
    if (from === "" || from > to) {
      words.fail(`expect: "${part}" is not a status or a range of them, such as 200-299`);
    }
    return [Number(from), Number(to)] as const;
  });
}
