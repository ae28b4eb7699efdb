/**
 * A wrong call of the API is a bug of the caller, and not of the rules: it throws a `TypeError` that names the option, where
 * wrong rules are findings.
 */

import { isIP } from "node:net";
import path from "node:path";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "./options.ts";

/** What an option must be, in words, and whether a value is. */
interface Wanted {
  readonly words: string;
  readonly holds: (value: unknown) => boolean;
}

const isString = (value: unknown): value is string => typeof value === "string";
const isInteger = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const integer = (least: number, most: number): Wanted => ({
  words: `an integer from ${least} to ${most}`,
  holds: isInteger(least, most),
});
const oneOf = (...choices: readonly string[]): Wanted => ({
  words: choices.map((choice) => `"${choice}"`).join(" or "),
  holds: (value) => choices.includes(value as string),
});
const flag: Wanted = { words: "true or false", holds: (value) => typeof value === "boolean" };
const dnsName: Wanted = {
  words: 'a name like "my-team"',
  holds: (value) =>
    isString(value) && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(value),
};

const PROXY_OPTIONS: Readonly<Record<keyof ProxyOptions, Wanted>> = {
  target: oneOf("wasm", "native"),
  listenAddress: { words: "an IP address", holds: (value) => isString(value) && isIP(value) !== 0 },
  portMap: {
    words: "a Map from port to port, each an integer from 1 to 65535",
    holds: (value) => value instanceof Map && [...value].flat().every(isInteger(1, 65535)),
  },
  meshPort: integer(0, 65535),
  meshListeners: flag,
  adminPort: integer(0, 65535),
  proxyLabels: {
    words: "an object of strings",
    holds: (value) => isRecord(value) && Object.values(value).every(isString),
  },
  proxyNamespace: dnsName,
  proxyLocality: {
    words: "REGION/ZONE/SUBZONE, the last two optional, or empty",
    holds: (value) => isString(value) && /^([^/\s]+(\/[^/\s]+){0,2})?$/.test(value),
  },
  domainSuffix: dnsName,
  concurrency: integer(0, 1024),
  pathNormalization: oneOf("NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"),
  outboundPolicy: oneOf("REGISTRY_ONLY", "ALLOW_ANY"),
  secretsDirectory: {
    words: "an absolute path, or empty",
    holds: (value) => isString(value) && (value === "" || path.isAbsolute(value)),
  },
};

/** The options of a proxy over the defaults; `place` is where they stand in the call: `createWorkspace: proxies.edge`. */
export function readProxy(place: string, given: unknown): ProxyOptions {
  if (!isRecord(given)) {
    throw wrong(place, "an object of options", given);
  }
  const options: Record<string, unknown> = { ...DEFAULT_PROXY_OPTIONS };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(PROXY_OPTIONS, name)) {
      throw new TypeError(
        `${place} has no option ${name}; there are ${Object.keys(PROXY_OPTIONS).join(", ")}`,
      );
    }
    if (value === undefined) {
      continue;
    }
    const { words, holds } = PROXY_OPTIONS[name as keyof ProxyOptions];
    if (!holds(value)) {
      throw wrong(`${place}.${name}`, words, value);
    }
    options[name] = value;
  }
  return options as unknown as ProxyOptions;
}

/** What every call has that reads rules. */
export function checkCommon(
  call: string,
  { source, strict, progress }: { source: unknown; strict?: unknown; progress?: unknown },
): void {
  checkSource(`${call}: source`, source);
  if (strict !== undefined && typeof strict !== "boolean") {
    throw wrong(`${call}: strict`, "true or false", strict);
  }
  if (progress !== undefined && !hasMethods(progress, "at")) {
    throw wrong(`${call}: progress`, "an object with a method at", progress);
  }
}

export function checkSource(place: string, given: unknown): void {
  if (!hasMethods(given, "read", "watch")) {
    throw wrong(place, 'a RuleSource, files(["rules/"]) say', given);
  }
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === "function")
  );
}

/** Throws unless the call is given an object with no other options than these. */
export function checkNames(call: string, given: unknown, known: readonly string[]): void {
  if (!isRecord(given)) {
    throw wrong(call, "an object of options", given, "needs");
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`${call} has no option ${unknown}; there are ${known.join(", ")}`);
  }
}

/** `createWorkspace: strict must be true or false, got "yes"` */
export function wrong(place: string, words: string, got: unknown, verb = "must be"): TypeError {
  return new TypeError(`${place} ${verb} ${words}, got ${shown(got)}`);
}

function shown(value: unknown): string {
  if (typeof value === "function" || typeof value === "bigint" || typeof value === "symbol") {
    return `a ${typeof value}`;
  }
  if (value instanceof Map) {
    return `a Map of ${JSON.stringify([...value])}`;
  }
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length > 100 ? `${text.slice(0, 100)}…` : text;
  } catch {
    return "an object";
  }
}
