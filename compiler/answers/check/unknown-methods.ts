/** Matches on methods that only HTTP/2 carries: Envoy's HTTP/1.1 parser answers others than it knows with 400. */

import type { FieldPath, HttpMatchRequest } from "../../front/resources/model.ts";
import { regexSyntaxError } from "../../regex/index.ts";
import { regexMatches } from "../../regex/matches.ts";
import { HTTP1_METHODS } from "../evaluate/codec.ts";
import type { VirtualService } from "./rule-surroundings.ts";
import type { View } from "./view.ts";

export function lintMethods(
  owner: VirtualService,
  { method }: HttpMatchRequest,
  path: FieldPath,
  view: View,
): void {
  const wanted = method?.exact ?? method?.prefix ?? method?.regex;
  if (method === undefined || wanted === undefined) {
    return;
  }
  if (method.regex !== undefined && regexSyntaxError(method.regex) !== undefined) {
    return;
  }
  if ([...HTTP1_METHODS].some((known) => admits(method, known))) {
    return;
  }
  const upper = wanted.toUpperCase();
  const meant = method.exact !== undefined && HTTP1_METHODS.has(upper) ? upper : undefined;
  view.report(
    "SL0813",
    owner,
    [
      ...path,
      "method",
      method.exact !== undefined ? "exact" : method.prefix !== undefined ? "prefix" : "regex",
    ],
    `no request of HTTP/1.1 has the method "${wanted}": Envoy answers it with 400`,
    {
      help:
        meant === undefined
          ? "Only requests of HTTP/2 can match this."
          : `Methods are case-sensitive; write "${meant}".`,
    },
  );
}

function admits({ exact, prefix, regex }: NonNullable<HttpMatchRequest["method"]>, known: string): boolean {
  if (exact !== undefined) {
    return exact === known;
  }
  return prefix !== undefined ? known.startsWith(prefix) : regex !== undefined && regexMatches(regex, known);
}
