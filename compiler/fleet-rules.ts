/** The rules of a workspace, as a fleet needs them. */

import type { FleetRules } from "./fleet/model/rules.ts";
import { ScopeCompiler, workerProgram } from "./fleet/scope/scope-compiler.ts";
import type { Workspace } from "./workspace.ts";

/** What a `Fleet` serves: the rules of a workspace, with the options of one of its proxies for whatever a proxy does not claim. */
export function fleetRules(workspace: Workspace, proxy?: string): FleetRules {
  return {
    defaults: workspace.options(proxy),
    read: () => workspace.snapshot(proxy),
    remember: (sources) => workspace.remember(sources),
    readAgain: (sources) => workspace.snapshotOf(sources, proxy),
    watch: (onChange) => workspace.watch(onChange),
  };
}

/** Rules that hold threads, until they are closed. */
export interface ThreadedFleetRules extends FleetRules {
  close(): Promise<void>;
}

/**
 * The same, compiled in threads of their own, so that streams are served meanwhile; in this thread where the program of those
 * is not built. `onProblem`: told in a line of a thread that died.
 */
export function threadedFleetRules(
  workspace: Workspace,
  onProblem: (line: string) => void,
  proxy?: string,
): ThreadedFleetRules {
  const rules = fleetRules(workspace, proxy);
  const program = workerProgram();
  if (program === undefined) {
    return { ...rules, close: async () => {} };
  }
  const compiler = new ScopeCompiler({ rules, onProblem, program, ...workspace.reporting });
  return {
    defaults: rules.defaults,
    read: () => compiler.read(),
    remember: (sources) => workspace.remember(sources),
    readAgain: (sources) => compiler.readAgain(sources),
    watch: (onChange) => rules.watch(onChange),
    close: () => compiler.close(),
  };
}
