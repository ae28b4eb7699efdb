/**
 * Rewrites after which a path no longer begins with one slash. Envoy sends on what a rewrite leaves, and repairs nothing;
 * what an expression leaves empty it takes for no rewrite. Each finding shows a path for which that is so.
 */

import type { FieldPath, HttpMatchRequest, HttpRoute } from "../../front/resources/model.ts";
import { exampleOfRegex } from "../../regex/example.ts";
import { regexSyntaxError } from "../../regex/index.ts";
import { regexMatches, regexReplace } from "../../regex/matches.ts";
import type { VirtualService } from "./rule-surroundings.ts";
import type { View } from "./view.ts";

export function lintRewrites(owner: VirtualService, rule: HttpRoute, path: FieldPath, view: View): void {
  const { rewrite } = rule;
  const uris = (rule.match ?? []).flatMap((match) => (match?.uri ? [match.uri] : []));
  if (rewrite?.uriRegexRewrite) {
    lintExpression(owner, rewrite.uriRegexRewrite, uris, [...path, "rewrite", "uriRegexRewrite"], view);
  } else if (rewrite?.uri) {
    lintLiteral(owner, rewrite.uri, uris, [...path, "rewrite", "uri"], view);
  }
}

type Uri = NonNullable<HttpMatchRequest["uri"]>;

function lintExpression(
  owner: VirtualService,
  { match = "", rewrite = "" }: { readonly match?: string; readonly rewrite?: string },
  uris: readonly Uri[],
  place: FieldPath,
  view: View,
): void {
  if (regexSyntaxError(match) !== undefined) {
    return;
  }
  for (const example of examples(match, uris)) {
    const result = regexReplace(match, example, rewrite);
    if (result === example || result.startsWith("/")) {
      continue;
    }
    view.report(
      "SL0812",
      owner,
      [...place, "rewrite"],
      result === ""
        ? `nothing is left of "${example}", and Envoy then keeps the path as it is`
        : `"${example}" becomes "${result}", without a slash at its beginning`,
      { help: `Begin the result with a slash: rewrite: "/…", with the slash outside of the group.` },
    );
    return;
  }
}

/** Paths that the rule takes: short ones for what it matches, and for what its expression matches. */
function examples(match: string, uris: readonly Uri[]): string[] {
  const ofMatch = exampleOfRegex(match) ?? "";
  const taken = (text: string) => uris.length === 0 || uris.some((uri) => takes(uri, text));
  return [
    ofMatch,
    `${ofMatch}a`,
    ...uris.flatMap(({ exact, prefix, regex }) => {
      if (prefix !== undefined) {
        return ["", "/", "a", "/a", "/a/b"].map((rest) => prefix + rest);
      }
      if (exact !== undefined) {
        return [exact];
      }
      return regex === undefined || regexSyntaxError(regex) !== undefined
        ? []
        : (exampleOfRegex(regex) ?? []);
    }),
  ].filter((text) => text.startsWith("/") && taken(text));
}

function takes({ exact, prefix, regex }: Uri, text: string): boolean {
  if (exact !== undefined) {
    return text === exact;
  }
  return prefix !== undefined
    ? text.startsWith(prefix)
    : regex !== undefined && regexSyntaxError(regex) === undefined && regexMatches(regex, text);
}

function lintLiteral(
  owner: VirtualService,
  to: string,
  uris: readonly Uri[],
  place: FieldPath,
  view: View,
): void {
  if (!to.startsWith("/")) {
    view.report("SL0812", owner, place, `the path becomes "${to}", without a slash at its beginning`, {
      help: `Write "/${to}".`,
    });
    return;
  }
  const prefix = uris.map((uri) => uri.prefix).find((one) => one !== undefined && changesSlashes(one, to));
  if (prefix === undefined) {
    return;
  }
  const rest = prefix.endsWith("/") ? "a" : "/a";
  view.report("SL0814", owner, place, `"${prefix}${rest}" becomes "${to}${rest}"`, {
    help: prefix.endsWith("/")
      ? `Write "${to}/", or match the prefix "${prefix.slice(0, -1)}".`
      : `Match the prefix "${prefix}/", and add an exact match for "${prefix}".`,
  });
}

/** A prefix with a slash at its end needs one with a slash in its place, and one without, one without. */
function changesSlashes(prefix: string, to: string): boolean {
  return prefix !== "/" && prefix.startsWith("/") && prefix.endsWith("/") !== to.endsWith("/");
}
