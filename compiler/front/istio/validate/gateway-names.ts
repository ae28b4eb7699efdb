/** The names of gateways that a VirtualService, or a match in it, is bound to. */

import type { FieldPath } from "../../resources/resource.ts";
import { hostError, isDnsLabel, quote } from "./common.ts";
import type { Reporter } from "./reporter.ts";

/** `mesh`, `namespace/name`, `name`; checking stops at the first name without a namespace, as istiod's does. */
export function checkGatewayNames(
  reporter: Reporter,
  names: readonly string[] | undefined,
  path: FieldPath,
): void {
  for (const [i, name] of (names ?? []).entries()) {
    const at = [...path, i];
    const slash = name.indexOf("/");
    const valid =
      slash < 0
        ? hostError(name, false) === undefined
        : isDnsLabel(name.slice(0, slash)) && isDnsLabel(name.slice(slash + 1));
    if (!valid) {
      reporter.report(
        "SL0212",
        at,
        `${quote(name)} is not a valid gateway name`,
        "Use `namespace/name` or `name`.",
      );
    } else if (slash < 0 && name.includes(".")) {
      reporter.report(
        "SL0213",
        at,
        `${quote(name)} is a deprecated form of a gateway name`,
        "Use `namespace/name`.",
      );
    }
    if (slash < 0) {
      return;
    }
  }
}
