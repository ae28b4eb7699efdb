/** The annotation `sluice.dev/sticky`. */

import type { Sticky } from "../../../ir/ir.ts";
import { parseSticky, STICKY } from "../../resources/annotations.ts";
import type { VirtualService } from "./virtual-services.ts";

export function lowerSticky(rule: number, { annotationsOf }: VirtualService): { sticky?: Sticky } {
  const value = annotationsOf(rule)[STICKY];
  const sticky = value === undefined ? undefined : parseSticky(value);
  return sticky === undefined ? {} : { sticky };
}
