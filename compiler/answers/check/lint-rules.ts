/**
 * What is right and hardly meant, in one rule by itself. Every finding can be silenced; each says what would be meant.
 */

import { FAULT_SCOPE } from "../../front/resources/annotations.ts";
import type { FieldPath, HttpMatchRequest, HttpRoute } from "../../front/resources/model.ts";
import { parseDuration } from "../../front/resources/schema/duration.ts";
import { regexSyntaxError } from "../../regex/index.ts";
import { regexMatches } from "../../regex/matches.ts";
import { lintIdleFaults } from "./idle-faults.ts";
import { lintLiteralStars, lintPlaceholders, lintRepeatedSlash } from "./literal-text.ts";
import { lintRewrites } from "./lost-slash.ts";
import type { VirtualService } from "./rule-surroundings.ts";
import { lintMethods } from "./unknown-methods.ts";
import type { View } from "./view.ts";

export function lintRules(view: View): void {
  for (const virtualService of view.resources.virtualServices) {
    for (const [i, rule] of (virtualService.spec.http ?? []).entries()) {
      if (!rule) {
        continue;
      }
      const path = ["spec", "http", i];
      for (const [j, match] of (rule.match ?? []).entries()) {
        if (match) {
          lintMatch(virtualService, match, [...path, "match", j], view);
          lintLiteralStars(virtualService, match, [...path, "match", j], view);
          lintRepeatedSlash(virtualService, match, [...path, "match", j], view);
          lintMethods(virtualService, match, [...path, "match", j], view);
        }
      }
      lintWeights(virtualService, rule, path, view);
      lintTimes(virtualService, rule, path, view);
      lintRetries(virtualService, rule, path, view);
      lintIdleFaults(virtualService, rule, path, view);
      lintPlaceholders(virtualService, rule, path, view);
      lintRewrites(virtualService, rule, path, view);
    }
  }
}

function lintMatch(owner: VirtualService, match: HttpMatchRequest, path: FieldPath, view: View): void {
  const prefix = match.uri?.prefix;
  if (prefix !== undefined && /[A-Za-z0-9]$/.test(prefix)) {
    view.report(
      "SL0801",
      owner,
      [...path, "uri", "prefix"],
      `"${prefix}" also matches "${prefix}${nextWord(prefix)}"`,
      {
        help: `If that is not intended, use two matches: exact "${prefix}" and prefix "${prefix}/".`,
      },
    );
  }
  for (const [field, regex] of expressionsOf(match)) {
    const at = unescapedDot(regex);
    if (at === undefined) {
      continue;
    }
    view.report(
      "SL0802",
      owner,
      [...path, ...field, "regex"],
      `the "." in "${regex.slice(Math.max(0, at - 10), at + 11)}" matches any character`,
      { help: `To match only a dot, write "\\.".` },
    );
  }
}

/** For an example: `/apiary` for `/api`. */
function nextWord(prefix: string): string {
  return /api$/.test(prefix) ? "ary" : /[0-9]$/.test(prefix) ? "0" : "s";
}

function* expressionsOf(match: HttpMatchRequest): Generator<[FieldPath, string]> {
  for (const field of ["uri", "scheme", "method", "authority"] as const) {
    const regex = match[field]?.regex;
    if (regex !== undefined) {
      yield [[field], regex];
    }
  }
  for (const field of ["headers", "withoutHeaders", "queryParams"] as const) {
    for (const [name, condition] of Object.entries(match[field] ?? {})) {
      if (condition?.regex !== undefined) {
        yield [[field, name], condition.regex];
      }
    }
  }
}

const MAX_READABLE = 1000;

/**
 * A full stop that nothing repeats, behind a letter, a digit, a class or group of them, or a repetition; and before a letter
 * or digit, a group that begins with one, or the end of a group that may be missing.
 */
const UNESCAPED_DOT = /(?<=[A-Za-z0-9\0)*+}]|[A-Za-z0-9\0)]\?)\.(?=[A-Za-z0-9]|\((?:\?:)?[A-Za-z0-9]|\)\?)/;

/** Where one stands between two parts of a name, as in `/v1.0`, `.*.html` and `(www.)?`; not those in classes. */
export function unescapedDot(regex: string): number | undefined {
  // Nobody wrote that by hand.
  if (regex.length > MAX_READABLE) {
    return undefined;
  }
  const withoutClasses = regex.replace(/\\.|\[\^?\]?(?:\\.|[^\]\\])*\]/gs, (piece) =>
    (/^(?:\[|\\[dDwW])/.test(piece) ? "\0" : "\u0001").repeat(piece.length),
  );
  const at = withoutClasses.search(UNESCAPED_DOT);
  return at < 0 ? undefined : at;
}

function lintWeights(owner: VirtualService, { route = [] }: HttpRoute, path: FieldPath, view: View): void {
  if (route.length < 2) {
    return;
  }
  for (const [j, part] of route.entries()) {
    if (!part?.destination) {
      continue;
    }
    const { host, subset } = part.destination;
    const name = subset ? `subset "${subset}" of "${host}"` : `"${host}"`;
    const place = [...path, "route", j];
    if (part.weight === 0) {
      view.report("SL0803", owner, [...place, "weight"], `${name} gets no requests`, {
        help: "Give it a weight, or remove the destination.",
      });
    } else if (part.weight === undefined) {
      view.report(
        "SL0804",
        owner,
        place,
        `${name} has no weight, which means 0 beside other destinations: it gets no requests`,
        {
          help: "Give it a weight.",
        },
      );
    }
  }
}

function lintTimes(owner: VirtualService, rule: HttpRoute, path: FieldPath, view: View): void {
  const timeout = duration(rule.timeout);
  if (timeout === undefined || timeout === 0) {
    return;
  }
  const delay = duration(rule.fault?.delay?.fixedDelay);
  if (delay !== undefined && delay >= timeout) {
    const scope = owner.annotations[FAULT_SCOPE];
    view.report(
      "SL0805",
      owner,
      [...path, "timeout"],
      `the timeout is not longer than the fault's delay of ${rule.fault!.delay!.fixedDelay}`,
      {
        help:
          scope === "upstream"
            ? "Every delayed request times out."
            : `The timeout starts after the delay, so the delay makes no request time out; to change that, use the annotation ${FAULT_SCOPE}: upstream.`,
        related: [{ message: "the delay", span: owner.spanOf([...path, "fault", "delay", "fixedDelay"]) }],
      },
    );
  }
  const perTry = duration(rule.retries?.perTryTimeout);
  const attempts = rule.retries?.attempts ?? 0;
  if (perTry === undefined || perTry === 0 || attempts <= 0 || perTry * (attempts + 1) <= timeout) {
    return;
  }
  view.report(
    "SL0806",
    owner,
    [...path, "timeout"],
    `the timeout of ${rule.timeout} ends before ${attempts + 1} tries of ${rule.retries!.perTryTimeout} each: attempts: ${attempts} ${attempts === 1 ? "is one retry" : `is ${attempts} retries`} after the first try`,
    {
      help: "To give every try its full time, increase the timeout, or decrease perTryTimeout or attempts.",
      related: [{ message: "each try", span: owner.spanOf([...path, "retries", "perTryTimeout"]) }],
    },
  );
}

function duration(text: string | undefined): number | undefined {
  const parsed = text === undefined ? undefined : parseDuration(text);
  return typeof parsed === "number" ? parsed : undefined;
}

/** Conditions that are met after the upstream may have done what it was asked. */
const AFTER_THE_FACT = new Set([
  "5xx",
  "gateway-error",
  "reset",
  "retriable-4xx",
  "retriable-status-codes",
  "retriable-headers",
]);
const NOT_IDEMPOTENT = ["POST", "PATCH"];

function lintRetries(
  owner: VirtualService,
  { match, retries }: HttpRoute,
  path: FieldPath,
  view: View,
): void {
  if (retries === undefined || !retries.attempts) {
    return;
  }
  const risky = (retries.retryOn ?? "")
    .split(",")
    .map((condition) => condition.trim())
    .filter((condition) => AFTER_THE_FACT.has(condition) || /^[0-9]+$/.test(condition));
  if (risky.length === 0) {
    return;
  }
  const methods = (match ?? [undefined]).map((one) => one?.method);
  const named = methods.flatMap((method) =>
    NOT_IDEMPOTENT.filter((name) => method !== undefined && admits(method, name)),
  );
  const place = [...path, "retries", "retryOn"];
  const help = "Retry these on connect-failure,refused-stream only, or add a rule without retries for them.";
  if (named.length > 0) {
    view.report(
      "SL0807",
      owner,
      place,
      `a ${named[0]} that fails with ${risky.join(", ")} may be processed twice`,
      { help },
    );
  } else if (methods.includes(undefined)) {
    view.report(
      "SL0808",
      owner,
      place,
      `the rule also matches POST: a request that fails with ${risky.join(", ")} may be processed twice`,
      { help },
    );
  }
}

function admits({ exact, prefix, regex }: NonNullable<HttpMatchRequest["method"]>, method: string): boolean {
  if (exact !== undefined) {
    return exact === method;
  }
  if (prefix !== undefined) {
    return method.startsWith(prefix);
  }
  return regex !== undefined && regexSyntaxError(regex) === undefined && regexMatches(regex, method);
}
