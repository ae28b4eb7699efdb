/** What a rule asks of a text, and the texts that no rule tells apart. */

import type { StringMatch } from "../../ir/ir.ts";

/** A condition on a text; `ignoreCase` is of ASCII, and means nothing to an expression. */
export type TextMatch = StringMatch & { readonly ignoreCase?: boolean };

export interface ValueClass {
  /** One of them, as short as they come. */
  readonly value: string;
  /** The conditions that hold, by their index, ascending. */
  readonly holds: readonly number[];
}
