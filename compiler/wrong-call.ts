/**
 * A wrong call of the API is a bug of the caller, and not of the rules: it throws a `TypeError` that names the option, where
 * wrong rules are findings.
 */

import { nearest } from "./diagnostics/nearest.ts";
import { mapTable } from "./options/option.ts";
import { PROXY_OPTIONS, type ProxyOptions } from "./options.ts";

/** The options of a proxy over the defaults; `place` is where they stand in the call: `createWorkspace: proxies.edge`. */
export function readProxy(place: string, given: unknown): ProxyOptions {
  checkNames(place, given, Object.keys(PROXY_OPTIONS));
  const values = given as Readonly<Record<string, unknown>>;
  return mapTable(PROXY_OPTIONS, ({ kind, default: otherwise }, key) => {
    const value = values[key];
    if (value === undefined) {
      return otherwise;
    }
    if (!kind.accepts(value)) {
      throw wrong(`${place}.${key}`, kind.expected, value);
    }
    return value;
  }) as unknown as ProxyOptions;
}

/** What every call has that reads rules. */
export function checkCommon(
  call: string,
  given: { source: unknown; strict?: unknown; quiet?: unknown; progress?: unknown },
): void {
  const { source, strict, quiet, progress } = given;
  checkSource(`${call}: source`, source);
  for (const [name, value] of Object.entries({ strict, quiet })) {
    if (value !== undefined && typeof value !== "boolean") {
      throw wrong(`${call}: ${name}`, "true or false", value);
    }
  }
  if (progress !== undefined && !hasMethods(progress, "at")) {
    throw wrong(`${call}: progress`, "an object with a method at", progress);
  }
}

export function checkSource(place: string, given: unknown): void {
  if (!hasMethods(given, "read", "watch")) {
    throw wrong(place, 'a RuleSource, such as files(["rules/"])', given);
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
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw wrong(call, "an object of options", given, "needs");
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const near = nearest(unknown, known);
    const help = near === undefined ? `known options: ${known.join(", ")}` : `did you mean ${near}?`;
    throw new TypeError(`${call} has no option ${unknown}; ${help}`);
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
