/**
 * Whether a rule of an AuthorizationPolicy can match a request, as far as its method and path say so
 * (https://istio.io/latest/docs/reference/config/security/authorization-policy/#Operation). Who asks, which host and which port are
 * left open: a rule that is not excluded may match.
 */

import { itemsOf } from "../../resources/unchecked-fields.ts";
import type { SeenRequest } from "./unread-resource.ts";

export function mayMatch(rules: readonly unknown[], request: SeenRequest): boolean {
  return rules.some((rule) => {
    const operations = itemsOf(rule, "to");
    return operations.length === 0 || operations.some((one) => mayBeMeant(one, request));
  });
}

function mayBeMeant(to: unknown, { method, path }: SeenRequest): boolean {
  const [pathOnly = ""] = path.split("?", 1);
  return (
    isAmong(method, itemsOf(to, "operation", "methods"), true) &&
    !isAmong(method, itemsOf(to, "operation", "notMethods"), false) &&
    isAmong(pathOnly, itemsOf(to, "operation", "paths"), true) &&
    !isAmong(pathOnly, itemsOf(to, "operation", "notPaths"), false)
  );
}

/** `otherwise`: of no pattern at all, and of one that is not a text or a template such as `/a/{*}`. */
function isAmong(value: string, patterns: readonly unknown[], otherwise: boolean): boolean {
  return patterns.length === 0
    ? otherwise
    : patterns.some((pattern) =>
        typeof pattern === "string" && !pattern.includes("{") ? fits(value, pattern) : otherwise,
      );
}

/** Exactly, or with a star at one of its ends. */
function fits(value: string, pattern: string): boolean {
  if (pattern === "*") {
    return value !== "";
  }
  if (pattern.endsWith("*")) {
    return value.startsWith(pattern.slice(0, -1));
  }
  return pattern.startsWith("*") ? value.endsWith(pattern.slice(1)) : value === pattern;
}
