/** The annotation `sluice.dev/sticky`. */

import type { Sticky } from "../../../ir/ir.ts";
import { parseSticky, STICKY } from "../../resources/annotations.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import type { VirtualService } from "./virtual-services.ts";

/** Envoy can split by a hash itself, but by one under which nearly everybody moves when a weight changes. */
export function lowerSticky(
  rule: number,
  { annotationsOf, originOf }: VirtualService,
  { options, report }: LoweringContext,
): { sticky?: Sticky } {
  const value = annotationsOf(rule)[STICKY];
  const sticky = value === undefined ? undefined : parseSticky(value);
  if (sticky === undefined) {
    return {};
  }
  if (options.target === "native") {
    report(
      "SL0301",
      `not supported yet: ${STICKY} with --target native`,
      originOf(rule, undefined).span,
      () => ({
        help: "Envoy's own splits cannot keep users where they are when a weight changes; --target wasm can.",
      }),
    );
    return {};
  }
  return { sticky };
}
