/**
 * What `sluice check` says beyond what the compiler has to know: what stands between resources, whichever proxy is
 * asked.
 */

import { type Reading, readRules } from "../compile.ts";
import type { DiagnosticSink } from "../diagnostics/diagnostic.ts";
import { environmentOf } from "../istio/environment.ts";
import type { ProxyOptions } from "../options.ts";
import { NO_PROGRESS, type Progress } from "../progress.ts";
import { analyseDestinationRules } from "./destination-rules.ts";
import { analyseGateways } from "./gateways.ts";
import { analyseServiceEntries } from "./service-entries.ts";
import { reportSharedHosts } from "./shared-hosts.ts";
import { keyOf, viewOf } from "./view.ts";
import { analyseVirtualServices } from "./virtual-services.ts";

export async function checkRules(
  paths: readonly string[],
  options: ProxyOptions,
  sink: DiagnosticSink,
  progress: Progress = NO_PROGRESS,
): Promise<Reading> {
  const said = new Set<string>();
  const remembering: DiagnosticSink = {
    report(diagnostic) {
      said.add(keyOf(diagnostic));
      sink.report(diagnostic);
    },
  };
  const reading = await readRules(paths, options, remembering, progress);
  const { resources } = reading;
  const view = viewOf(resources, options, said, sink);
  analyseGateways(view);
  analyseVirtualServices(view);
  reportSharedHosts(view);
  analyseDestinationRules(view, environmentOf(resources, options).registry);
  analyseServiceEntries(view);
  return reading;
}
