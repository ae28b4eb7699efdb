/** What the rules of a VirtualService come to, and the places that it was made of. */

import type { SourceFile } from "../../../diagnostics/span.ts";
import type { Omission, Route } from "../../../ir/ir.ts";
import type { Effects } from "./effects.ts";

/** What the rules of a VirtualService come to at a site. No routes: it has nothing to say there. */
export interface LoweredRoutes {
  readonly routes: readonly Route[];
  /** In the order of the rules. */
  readonly omitted: readonly Omission[];
  readonly effects: Effects;
}

/** A document, and where it stood: two that are equal are one document. */
export interface DocumentPlace {
  readonly document: object | undefined;
  readonly file: SourceFile;
  readonly offset: number | undefined;
}
