/**
 * What Envoy's connection manager makes of a path before any filter sees it. Held against Envoy by
 * test/answers/path-normalization.test.ts.
 */

import type { PathSteps } from "../../ir/path-steps.ts";

export type NormalizedPath =
  | { readonly kind: "path"; readonly path: string }
  /** The client is told to ask for this one. */
  | { readonly kind: "redirected"; readonly path: string }
  /** 400. */
  | { readonly kind: "refused"; readonly why: string };

export function normalizePath(sent: string, steps: PathSteps): NormalizedPath {
  const whole = sent.replace(/#.*$/s, "");
  const queryAt = whole.indexOf("?");
  const query = queryAt < 0 ? "" : whole.slice(queryAt);
  const before = queryAt < 0 ? whole : whole.slice(0, queryAt);
  const unescaped =
    steps.escapedSlashes === "keep" ? before : before.replace(/%2f/gi, "/").replace(/%5c/gi, "\\");
  const hadEscapes = unescaped !== before;
  if (hadEscapes && steps.escapedSlashes === "reject") {
    return { kind: "refused", why: "the path has escaped slashes" };
  }
  const canonical = steps.normalizes
    ? canonicalPath(unescaped.split("/").map(withoutParameters).join("/"))
    : unescaped;
  if (canonical === undefined) {
    return { kind: "refused", why: "the path contains an escaped NUL" };
  }
  const path = (steps.mergesSlashes ? mergeSlashes(canonical) : canonical) + query;
  return { kind: hadEscapes && steps.escapedSlashes === "redirect" ? "redirected" : "path", path };
}

/** `..;x` is `..`, as some servers take it; not so where the dots are escaped. Envoys before 1.40 leave it as it is. */
function withoutParameters(segment: string): string {
  return segment.replace(/^(\.\.?);.*$/s, "$1");
}

/** Of nothing but slashes Envoy leaves the first and the last. */
function mergeSlashes(path: string): string {
  if (!path.includes("//")) {
    return path;
  }
  const segments = path.split("/").filter((segment) => segment !== "");
  return `/${segments.join("/")}${path.endsWith("/") ? "/" : ""}`;
}

/** Letters, digits and these lose their escape; what stands in the other set gets one. */
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;
const ESCAPED = new Set([" ", '"', "<", ">", "^", "`", "{", "|", "}", "\x7f"]);

/** A URL's path in its canonical form, by the rules of Chromium's library, which Envoy uses. */
function canonicalPath(path: string): string | undefined {
  let out = "";
  /** Where the last percent sign stands that begins no escape. */
  let lonePercent = -1;
  for (let i = 0; i < path.length; i++) {
    const char = path[i]!;
    if (char === "%" && /^[0-9a-fA-F]{2}/.test(path.slice(i + 1, i + 3))) {
      const asSent = path.slice(i, i + 3);
      const value = String.fromCharCode(Number.parseInt(asSent.slice(1), 16));
      if (value === "\0") {
        return undefined;
      }
      i += 2;
      if (!UNRESERVED.test(value)) {
        out += asSent;
        continue;
      }
      out += value;
      if (lonePercent >= 0 && lonePercent >= out.length - 3) {
        const escaped = withoutNewEscape(out, lonePercent, path[i + 1]);
        if (escaped !== undefined) {
          i += escaped.length - out.length - 2;
          out = escaped;
        }
      }
    } else if (char === "\\") {
      out += "/";
    } else if (char < " " || ESCAPED.has(char) || char > "\x7f") {
      const point = path.codePointAt(i)!;
      if (point > 0xffff) {
        i++;
      }
      for (const byte of Buffer.from(String.fromCodePoint(point))) {
        out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
      }
    } else {
      if (char === "%") {
        lonePercent = out.length;
      }
      out += char;
    }
  }
  return removeDots(out);
}

/**
 * What lost its escape must not make one with a percent sign before it: `%4%36` is no `%46`, so that sign gets one. The
 * character behind may be a part of it, and is then taken along. `undefined`: there is no new escape.
 */
function withoutNewEscape(out: string, percent: number, next: string | undefined): string | undefined {
  const takesNext = percent === out.length - 2;
  if (takesNext && (next === undefined || next > "\x7f")) {
    return undefined;
  }
  const text = takesNext ? out + next : out;
  return /^%[0-9a-fA-F]{2}$/.test(text.slice(percent, percent + 3))
    ? `${text.slice(0, percent)}%25${text.slice(percent + 1)}`
    : undefined;
}

function removeDots(path: string): string {
  const out: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === "." || segment === "..") {
      if (segment === "..") {
        out.pop();
      }
      // `/a/..` ends in a slash.
      if (isLast) {
        out.push("");
      }
    } else {
      out.push(segment);
    }
  }
  return `/${out.join("/")}`;
}
