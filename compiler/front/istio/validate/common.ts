/**
 * Rules that several kinds share: durations, ports, host names, labels, `exportTo`, string matches.
 * The source of each is istiod's `pkg/config/validation` and its `agent` package.
 */

import { isIP } from "node:net";
import { regexSyntaxError } from "../../../regex/index.ts";
import type { FieldPath } from "../../resources/resource.ts";
import { parseDuration } from "../../resources/schema/duration.ts";
import type { StringMatch } from "../../resources/types.ts";
import { each, type Reporter } from "./reporter.ts";

const HOST_LABEL = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const LABEL_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const MAX_HOST_LENGTH = 255;
const MAX_LABEL_LENGTH = 63;
const MAX_LABEL_PREFIX_LENGTH = 253;
const MAX_REGEX_BYTES = 1024;

/** What istiod asks of namespaces, gateways, subsets and port names; it lets upper case pass. */
export function isDnsLabel(text: string): boolean {
  return text.length <= MAX_LABEL_LENGTH && HOST_LABEL.test(text);
}

/** At least one millisecond, and a whole number of them. */
export function checkDuration(
  reporter: Reporter,
  text: string | undefined,
  path: FieldPath,
): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const ms = parseDuration(text);
  if (ms === undefined) {
    reporter.report(
      "SL0201",
      path,
      `"${text}" is not a valid duration`,
      "Use a number and a unit, such as `500ms`, `2s` or `1h30m`.",
    );
  } else if (ms < 1) {
    reportTooShort(reporter, text, path);
  } else if (!Number.isInteger(exactMs(text))) {
    reporter.report("SL0201", path, `"${text}" is not a whole number of milliseconds`);
  } else {
    return ms;
  }
  return undefined;
}

/** At least one millisecond: what the schema asks where istiod asks nothing. */
export function checkLongEnough(reporter: Reporter, text: string | undefined, path: FieldPath): void {
  if (text !== undefined && (parseDuration(text) ?? 0) < 1) {
    reportTooShort(reporter, text, path);
  }
}

function reportTooShort(reporter: Reporter, text: string, path: FieldPath): void {
  reporter.report(
    "SL0201",
    path,
    `"${text}" is shorter than a millisecond`,
    "Use at least `1ms`, or remove the field.",
  );
}

function exactMs(text: string): number {
  const factors: Readonly<Record<string, number>> = {
    ns: 1,
    us: 1e3,
    µs: 1e3,
    μs: 1e3,
    ms: 1e6,
    s: 1e9,
    m: 6e10,
    h: 3.6e12,
  };
  let nanoseconds = 0;
  for (const [, number, unit] of text.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    nanoseconds += Math.round(Number(number) * factors[unit!]!);
  }
  return nanoseconds / 1e6;
}

export function checkPort(reporter: Reporter, port: number | undefined, path: FieldPath): void {
  if (port !== undefined && (port < 1 || port > 65_535)) {
    reporter.report("SL0202", path, `${port} is not a valid port`, "Use 1 to 65535.");
  }
}

/** What is wrong with a host name, in words. `wildcard` admits `*` in the first label. */
export function hostError(host: string, wildcard: boolean): string | undefined {
  if (host === "") {
    return "the host name is empty";
  }
  if (host.length > MAX_HOST_LENGTH) {
    return `the host name is longer than ${MAX_HOST_LENGTH} characters`;
  }
  const labels = host.split(".");
  // The name may end in a dot; a number stands last only without it, and alone where a wildcard could stand.
  const last = labels.at(-1) === "" && labels.length > 1 ? labels.pop() : labels.at(-1)!;
  for (const [i, label] of labels.entries()) {
    if (label.length > MAX_LABEL_LENGTH) {
      return `"${label}" is longer than ${MAX_LABEL_LENGTH} characters`;
    }
    if (i === 0 && wildcard) {
      if (label === "*") {
        continue;
      }
      const rest = label.startsWith("*-") ? label.slice(2) : label.startsWith("*") ? label.slice(1) : label;
      if (HOST_LABEL.test(rest)) {
        continue;
      }
    } else if (HOST_LABEL.test(label)) {
      continue;
    }
    if (label.includes("*")) {
      return `"*" is allowed only at the start of the first label`;
    }
    return `"${label}" is not a valid label of a host name; use letters, digits and inner hyphens`;
  }
  if (/^\d+$/.test(last!) && !(wildcard && labels.length === 1)) {
    return isIP(host) !== 0
      ? "an IP address is not allowed here; use a host name"
      : "the last label of a host name must not be a number";
  }
  return undefined;
}

export function checkHost(
  reporter: Reporter,
  host: string | undefined,
  path: FieldPath,
  wildcard = true,
): boolean {
  const wrong = hostError(host ?? "", wildcard);
  if (wrong !== undefined) {
    reporter.report("SL0203", path, `${quote(host ?? "")}: ${wrong}`);
  }
  return wrong === undefined;
}

/** Kubernetes label syntax for keys and values. */
export function checkLabels(
  reporter: Reporter,
  labels: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    const slash = key.indexOf("/");
    const name = slash < 0 ? key : key.slice(slash + 1);
    const prefix = slash < 0 ? undefined : key.slice(0, slash);
    if (
      name.length > MAX_LABEL_LENGTH ||
      !LABEL_NAME.test(name) ||
      (prefix !== undefined &&
        (prefix.length > MAX_LABEL_PREFIX_LENGTH ||
          !prefix.split(".").every((label) => HOST_LABEL.test(label))))
    ) {
      reporter.report("SL0205", [...path, key], `${quote(key)} is not a valid label name`);
    }
    if (value !== "" && !LABEL_NAME.test(value)) {
      reporter.report("SL0205", [...path, key], `${quote(value)} is not a valid label value`);
    }
  }
}

/** `*` alone, `.`, or namespaces, none twice; `~` alone for a ServiceEntry. */
export function checkExportTo(
  reporter: Reporter,
  exportTo: readonly string[] | undefined,
  serviceEntry = false,
): void {
  const path = ["spec", "exportTo"];
  const seen = new Set<string>();
  each(exportTo, path, (entry, at) => {
    const namespace = entry === "." ? reporter.resource.namespace : entry;
    if (seen.has(namespace)) {
      reporter.report("SL0206", at, `${quote(entry)} is listed twice`);
    }
    seen.add(namespace);
    const special = entry === "." || entry === "*" || (entry === "~" && serviceEntry);
    if (!special && !isDnsLabel(entry)) {
      reporter.report(
        "SL0206",
        at,
        `${quote(entry)} is not a valid namespace`,
        "Use `.`, `*` or the name of a namespace.",
      );
    }
    if ((entry === "*" || (entry === "~" && serviceEntry)) && exportTo!.length > 1) {
      reporter.report("SL0206", at, `${quote(entry)} cannot be combined with other entries`);
    }
  });
}

/** A regular expression that is there, not too long, and RE2's. */
export function checkRegex(reporter: Reporter, regex: string, path: FieldPath): void {
  if (regex === "") {
    reporter.report("SL0207", path, "the regular expression is empty");
    return;
  }
  if (Buffer.byteLength(regex) > MAX_REGEX_BYTES) {
    reporter.report("SL0207", path, `the regular expression is longer than ${MAX_REGEX_BYTES} bytes`);
    return;
  }
  const wrong = regexSyntaxError(regex);
  if (wrong !== undefined) {
    reporter.report(
      "SL0207",
      path,
      `${quote(regex)} is not a valid RE2 expression: ${wrong}`,
      "See https://github.com/google/re2/wiki/Syntax.",
    );
  }
}

/** One of exact, prefix, regex. Only a path's prefix may be empty. */
export function checkStringMatch(
  reporter: Reporter,
  match: StringMatch | undefined,
  path: FieldPath,
  emptyPrefix = false,
): void {
  if (match?.prefix === "" && !emptyPrefix) {
    reporter.report(
      "SL0208",
      [...path, "prefix"],
      "an empty prefix matches everything",
      "Remove the whole match.",
    );
  }
  if (match?.regex !== undefined) {
    checkRegex(reporter, match.regex, [...path, "regex"]);
  }
}

export function quote(text: string): string {
  return JSON.stringify(text);
}
