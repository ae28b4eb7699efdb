/**
 * Text that looks like a pattern, where it stands for itself: stars in an exact path or a prefix, and the placeholders
 * of other proxies in what a path is rewritten to.
 */

import type { FieldPath, HttpMatchRequest, HttpRoute } from "../../front/resources/model.ts";
import { regexSyntaxError } from "../../regex/index.ts";
import { captureGroups } from "../../regex/matches.ts";
import type { VirtualService } from "./rule-surroundings.ts";
import type { View } from "./view.ts";

export function lintLiteralStars(
  owner: VirtualService,
  match: HttpMatchRequest,
  path: FieldPath,
  view: View,
): void {
  for (const field of ["uri", "authority"] as const) {
    for (const kind of ["exact", "prefix"] as const) {
      const text = match[field]?.[kind];
      if (text === undefined || !text.includes("*")) {
        continue;
      }
      view.report(
        "SL0818",
        owner,
        [...path, field, kind],
        `the "*" in "${text}" stands for itself: no other character matches it`,
        { help: helpForStar(field, text) },
      );
    }
  }
}

/** A path's `/*` is a wildcard in a shell and in Ingress; in an expression it repeats the slash. */
const REPEATED_SLASH = /\/\*(?![?+])/;

export function lintRepeatedSlash(
  owner: VirtualService,
  match: HttpMatchRequest,
  path: FieldPath,
  view: View,
): void {
  const regex = match.uri?.regex;
  if (regex === undefined || !REPEATED_SLASH.test(regex)) {
    return;
  }
  view.report(
    "SL0818",
    owner,
    [...path, "uri", "regex"],
    `"/*" in "${regex}" matches any number of slashes, and nothing else`,
    { help: `For whatever follows, use regex: ${regex.replaceAll(/\/\*(?![?+])/g, "/.*")}` },
  );
}

function helpForStar(field: "uri" | "authority", text: string): string {
  const start = /^([^*]*)\.?\*$/.exec(text)?.[1];
  if (field === "uri" && start?.startsWith("/")) {
    return `Use prefix: ${start.replace(/\.$/, "")}, which matches whatever follows.`;
  }
  return `Use regex: ${text
    .replace(/\.?\*/g, "\u0000")
    .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
    .replaceAll("\u0000", ".*")}`;
}

/** nginx's and Java's `$1` and sed's `\1`, where nothing is put in for them. */
const PLACEHOLDER = /\$(?:[0-9]|\{[0-9]+\})|\\[0-9]/;

export function lintPlaceholders(owner: VirtualService, rule: HttpRoute, path: FieldPath, view: View): void {
  const { rewrite, redirect } = rule;
  for (const [field, text] of [
    ["rewrite", rewrite?.uri],
    ["redirect", redirect?.uri],
  ] as const) {
    const found = PLACEHOLDER.exec(text ?? "")?.[0];
    if (found !== undefined) {
      view.report(
        "SL0819",
        owner,
        [...path, field, "uri"],
        `"${found}" stands for itself: ${field}.uri is plain text`,
        {
          help:
            field === "rewrite"
              ? "To keep a part of the path, use uriRegexRewrite, where \\1 is the first group."
              : "A redirect cannot keep a part of the path; prefixRewrite replaces the matched prefix alone.",
        },
      );
    }
  }
  lintGroups(owner, rule, path, view);
}

function lintGroups(owner: VirtualService, { rewrite }: HttpRoute, path: FieldPath, view: View): void {
  const { match = "", rewrite: text = "" } = rewrite?.uriRegexRewrite ?? {};
  const at = [...path, "rewrite", "uriRegexRewrite", "rewrite"];
  const dollar = /\$(?:[0-9]|\{[0-9]+\})/.exec(text)?.[0];
  if (dollar !== undefined) {
    view.report("SL0819", owner, at, `"${dollar}" stands for itself`, {
      help: `Groups are written with a backslash: \\${dollar.replace(/[^0-9]/g, "")}.`,
    });
    return;
  }
  if (match === "" || regexSyntaxError(match) !== undefined) {
    return;
  }
  const groups = captureGroups(match);
  const missing = [...text.replaceAll("\\\\", "").matchAll(/\\([0-9])/g)].find(
    ([, digit]) => Number(digit) > groups,
  );
  if (missing !== undefined) {
    view.report(
      "SL0819",
      owner,
      at,
      `the expression has ${groups === 0 ? "no group" : groups === 1 ? "one group" : `${groups} groups`}, so there is no "${missing[0]}", and no path is rewritten`,
      { help: "Put the part of the path that is to stay into parentheses." },
    );
  }
}
