/** What the proxies of one scope are told, for whoever shows it. */

import type { Explanation } from "../../answers/explain/explanation.ts";
import type { AskedRequest } from "../../answers/request/asked.ts";
import type { Compilation } from "../../compile.ts";
import type { Findings } from "../../diagnostics/render/report.ts";
import type { ResourceSet } from "../../front/resources/model.ts";
import type { ProxyOptions } from "../../options.ts";

export interface ServedScope {
  /** The key of the scope. */
  readonly scope: string;
  readonly revision: string;
  /** When it was read, in milliseconds since 1970. */
  readonly seen: number;
  readonly options: ProxyOptions;
  readonly compilation: Compilation;
  /** Of its sources: they know where their fields stand. */
  readonly resources: ResourceSet;
  /** What the compiler has to say of it. */
  readonly findings: Findings;
  /** Throws a `ListenerError` when no listener can be asked. */
  explain(request: AskedRequest, at?: string): Explanation | undefined;
}
