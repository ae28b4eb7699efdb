/** What every part of the lowering needs to know, made once for a proxy. Nothing in it changes while rules are lowered. */

import type { Purpose } from "../../../diagnostics/codes.ts";
import type { ProxyOptions } from "../../../options.ts";
import type { Credentials } from "../../services/credentials.ts";
import type { Environment } from "./environment.ts";
import type { LoweringCache } from "./lowering-cache.ts";

export interface LoweringContext extends Environment {
  /** The parts above, as what they are together. */
  readonly environment: Environment;
  readonly cache: LoweringCache;
  readonly options: ProxyOptions;
  readonly credentials: Credentials;
  readonly purpose: Purpose;
  /** Told that a VirtualService is lowered at one of its places. */
  readonly onLowered?: () => void;
}
