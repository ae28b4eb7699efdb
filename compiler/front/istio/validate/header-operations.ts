/** What a rule sets, adds and removes among headers. */

import { isHeaderToken } from "../../resources/header-names.ts";
import type { FieldPath } from "../../resources/resource.ts";
import type { HeaderOperations, Headers } from "../../resources/types.ts";
import { quote } from "./common.ts";
import { headerValueError } from "./header-value.ts";
import { each, type Reporter } from "./reporter.ts";

export function checkHeaderOperations(
  reporter: Reporter,
  headers: Headers | undefined,
  path: FieldPath,
): void {
  for (const side of ["request", "response"] as const) {
    const operations: HeaderOperations = headers?.[side] ?? {};
    for (const verb of ["set", "add"] as const) {
      for (const [name, value] of Object.entries(operations[verb] ?? {})) {
        const at = [...path, side, verb, name];
        checkOperationName(reporter, name, at, side === "request");
        const wrong = headerValueError(value);
        if (wrong !== undefined) {
          reporter.report("SL0222", at, `${quote(value)} contains ${wrong}`);
        }
      }
    }
    each(operations.remove, [...path, side, "remove"], (name, at) =>
      checkOperationName(reporter, name, at, false),
    );
  }
}

function checkOperationName(reporter: Reporter, name: string, path: FieldPath, authority: boolean): void {
  const lower = name.toLowerCase();
  if (name === "") {
    reporter.report("SL0220", path, "the header name is empty");
  } else if (lower === "host" || lower === ":authority") {
    if (!authority) {
      reporter.report("SL0221", path, `rules cannot change ${quote(name)}`);
    }
  } else if (lower.startsWith(":")) {
    reporter.report("SL0221", path, `${quote(name)} is a pseudo header, which rules cannot change`);
  } else if (!isHeaderToken(name)) {
    // istiod lets it pass, and Envoy then answers every request of the rule with 503.
    reporter.report("SL0220", path, `${quote(name)} is not a valid header name`);
  }
}
