/** Our own annotations: a misspelt one would otherwise be obeyed by nobody, and nobody would say so. */

import { nearest } from "../../../diagnostics/nearest.ts";
import { FAULT_SCOPE, FAULT_SCOPES, OUR_PREFIX, parseSticky, STICKY } from "../../resources/annotations.ts";
import type { Reporter } from "./reporter.ts";

interface Known {
  readonly isValid: (value: string) => boolean;
  readonly help: string;
}

/** All of a VirtualService. */
const KNOWN: ReadonlyMap<string, Known> = new Map([
  [
    STICKY,
    {
      isValid: (value: string) => parseSticky(value) !== undefined,
      help: 'Write "header:<name>", "cookie:<name>" or "source-ip".',
    },
  ],
  [
    FAULT_SCOPE,
    {
      isValid: (value: string) => FAULT_SCOPES.some((scope) => scope === value),
      help: 'Write "upstream", or "proxy" for what Istio does.',
    },
  ],
]);

export function validateOurAnnotations(reporter: Reporter): void {
  const { annotations, kind } = reporter.resource;
  for (const [name, value] of Object.entries(annotations)) {
    if (!name.startsWith(OUR_PREFIX)) {
      continue;
    }
    const path = ["metadata", "annotations", name];
    const known = KNOWN.get(name);
    if (known === undefined) {
      const near = nearest(name, [...KNOWN.keys()]);
      reporter.report("SL0227", path, "unknown annotation", near && `Did you mean ${near}?`);
    } else if (kind !== "VirtualService") {
      reporter.report(
        "SL0227",
        path,
        `the annotation has no effect on a ${kind}`,
        "Put it on a VirtualService.",
      );
    } else if (!known.isValid(value)) {
      reporter.report("SL0227", path, `"${value}" is not a valid value`, known.help);
    }
  }
}
