/** What a session needs of whoever compiles: it knows nothing of workspaces. */

import type { Compilation } from "../compile.ts";
import type { Findings } from "../diagnostics/render/report.ts";
import type { HeldObject } from "../held-object.ts";
import type { ProxyOptions } from "../options.ts";
import type { Watch } from "../source/rule-source.ts";

/** Rules that are compiled for one proxy again and again; a workspace has them. */
export interface CompiledRules {
  /** What they are compiled for. */
  readonly proxy: ProxyOptions;
  compile(): Promise<{
    readonly findings: Findings;
    readonly compilation?: Compilation;
    /** Objects that are wrong, and of which the compilation has an older version or nothing. */
    readonly held?: readonly HeldObject[];
  }>;
  /** Whether the source still has what a compilation was made of. */
  isCurrent(compilation: Compilation): Promise<boolean>;
  watch(onChange: () => void): Promise<Watch>;
}
