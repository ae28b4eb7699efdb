/** The programs of a revision and of the one before it, as questions are put to them. */

import { standInHeaders } from "../../answers/cases/stand-in.ts";
import { Evaluators } from "../../answers/evaluate/evaluator.ts";
import type { Config } from "../../ir/ir.ts";
import type { ProxyOptions } from "../../options.ts";
import type { Revision } from "../revisions/revision.ts";

/** What some proxies are told, before and after. */
export interface Programs {
  readonly options: ProxyOptions;
  /** Absent where these proxies had nothing, or nothing is known of it any more. */
  readonly before?: Evaluators;
  readonly after: Evaluators;
}

/**
 * One pair for all proxies that the same rules held for and hold for now; which they are, both revisions have a say in. `claims`:
 * what each proxy claims; `module`: the filter.
 */
export function programsOf(
  from: Revision,
  to: Revision,
  claims: readonly ProxyOptions[],
  module: WebAssembly.Module,
): readonly Programs[] {
  const made = new Map<Config, Evaluators>();
  const evaluators = (config: Config) => {
    const known = made.get(config) ?? new Evaluators(module, config, standInHeaders);
    made.set(config, known);
    return known;
  };
  const pairs = new Map<string, Programs>();
  for (const claimed of claims) {
    const [was, is] = [from.scopeOf(claimed), to.scopeOf(claimed)];
    const pair = JSON.stringify([was.group, is.group]);
    const [before, after] = [from.buildOf(was.key)?.config, to.buildOf(is.key)?.config];
    if (!pairs.has(pair) && after !== undefined) {
      pairs.set(pair, {
        options: is.options,
        ...(before && { before: evaluators(before) }),
        after: evaluators(after),
      });
    }
  }
  return [...pairs.values()];
}
