/**
 * What Envoy's connection manager makes of a path before any filter sees it: the steps of Istio's
 * `meshConfig.pathNormalization`. Held against Envoy by test/offline.
 */

import type { PathNormalization } from "../options.ts";

/** `undefined`: Envoy refuses the request (400). */
export function normalizePath(sent: string, mode: PathNormalization): string | undefined {
  const whole = sent.replace(/#.*$/s, "");
  if (mode === "NONE") return whole;
  const queryAt = whole.indexOf("?");
  const query = queryAt < 0 ? "" : whole.slice(queryAt);
  let path = queryAt < 0 ? whole : whole.slice(0, queryAt);
  if (mode === "DECODE_AND_MERGE_SLASHES") {
    path = path.replace(/%2f/gi, "/").replace(/%5c/gi, "\\");
  }
  const canonical = canonicalPath(path);
  if (canonical === undefined) return undefined;
  return (mode === "BASE" ? canonical : canonical.replace(/\/+/g, "/")) + query;
}

/** Letters, digits and these lose their escape; what stands in the other set gets one. */
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;
const ESCAPED = new Set([" ", '"', "<", ">", "^", "`", "{", "|", "}", "\x7f"]);

/** A URL's path in its canonical form, by the rules of Chromium's library, which Envoy uses. */
function canonicalPath(path: string): string | undefined {
  const decoded: string[] = [];
  for (let i = 0; i < path.length; i++) {
    const char = path[i]!;
    if (char === "%" && /^[0-9a-fA-F]{2}/.test(path.slice(i + 1, i + 3))) {
      const hex = path.slice(i + 1, i + 3);
      const value = String.fromCharCode(Number.parseInt(hex, 16));
      if (value === "\0") return undefined;
      decoded.push(UNRESERVED.test(value) ? value : `%${hex}`);
      i += 2;
    } else if (char === "\\") {
      decoded.push("/");
    } else if (char < " " || ESCAPED.has(char) || char > "\x7f") {
      const point = path.codePointAt(i)!;
      if (point > 0xffff) i++;
      for (const byte of Buffer.from(String.fromCodePoint(point))) {
        decoded.push(`%${byte.toString(16).toUpperCase().padStart(2, "0")}`);
      }
    } else {
      decoded.push(char);
    }
  }
  return removeDots(decoded.join(""));
}

function removeDots(path: string): string {
  const out: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === "." || segment === "..") {
      if (segment === "..") out.pop();
      // `/a/..` ends in a slash.
      if (isLast) out.push("");
    } else {
      out.push(segment);
    }
  }
  return `/${out.join("/")}`;
}
