/** What a part of the lowering is given that brings something about. */

import { GatheredEffects } from "./effects.ts";
import type { LoweringContext } from "./lowering-context.ts";

/** The context of a part, and what it has brought about so far. */
export interface GatheringContext extends LoweringContext {
  readonly effects: GatheredEffects;
}

export function gathering(lowering: LoweringContext): GatheringContext {
  return { ...lowering, effects: new GatheredEffects() };
}
