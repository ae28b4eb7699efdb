/**
 * Whether a text matches a pattern as a whole, by RE2's own rules and without any of our tables: for the reference that
 * says why a rule did not match, which must not err where the tables do.
 */

import type { RE2JS } from "re2js";
import { latin1Text, latin1ToBytes } from "./latin1.ts";
import { compileForBytes } from "./parse.ts";

const MAX_KEPT = 1000;
const compiled = new Map<string, RE2JS>();

function compiledRegex(pattern: string): RE2JS {
  let regex = compiled.get(pattern);
  if (regex === undefined) {
    if (compiled.size >= MAX_KEPT) {
      compiled.clear();
    }
    regex = compileForBytes(pattern);
    compiled.set(pattern, regex);
  }
  return regex;
}

export function regexMatches(pattern: string, text: string): boolean {
  return compiledRegex(pattern).testExact(bytesOf(text));
}

/** How many groups a valid pattern captures. */
export function captureGroups(pattern: string): number {
  return compiledRegex(pattern).groupCount();
}

const ASCII = /^[\0-\x7f]*$/;

/** What is only ASCII is so already; the same request is held against thousands of rules. */
function bytesOf(text: string): string {
  return ASCII.test(text) ? text : latin1Text(Buffer.from(text));
}

/**
 * Every match replaced, as `RE2::GlobalReplace` does it: `\0` to `\9` are captures, and a substitution that names one
 * which is not there, or ends in the middle of an escape, replaces nothing.
 */
export function regexReplace(pattern: string, text: string, substitution: string): string {
  const replaced = replaceAll(pattern, latin1Text(Buffer.from(text)), latin1Text(Buffer.from(substitution)));
  return Buffer.from(latin1ToBytes(replaced)).toString();
}

function replaceAll(pattern: string, text: string, substitution: string): string {
  const regex = compiledRegex(pattern);
  const most = Math.max(0, ...[...substitution.matchAll(/\\(\\|\d)/g)].map(([, what]) => Number(what) || 0));
  const escapesAreWhole = /^(?:[^\\]|\\[\\0-9])*$/s.test(substitution);
  const matcher = regex.matcher(text);
  if (most > matcher.groupCount() || !escapesAreWhole) {
    return text;
  }
  let result = "";
  let from = 0;
  let lastEnd = -1;
  while (matcher.find()) {
    const start = matcher.start();
    const end = matcher.end();
    // Nothing between two matches is no match of its own.
    if (start === end && start === lastEnd) {
      continue;
    }
    result += text.slice(from, start);
    result += substitution.replace(/\\(\\|\d)/g, (_, what: string) =>
      what === "\\" ? "\\" : (matcher.group(Number(what)) ?? ""),
    );
    from = end;
    lastEnd = end;
  }
  return result + text.slice(from);
}
