/**
 * All that `sluice check` says: what the compiler finds, what stands between resources whichever proxy is asked, and
 * what is right and hardly meant.
 */

import { CompilerCache, type Reading, understand } from "../../compile.ts";
import type { Diagnostic, DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { ProxyOptions } from "../../options.ts";
import { NO_PROGRESS, type Progress } from "../../progress.ts";
import { analyseDestinationRules } from "./destination-rules.ts";
import { analyseGateways } from "./gateways.ts";
import { lintRules } from "./lint-rules.ts";
import { reportNeverReached } from "./never-reached.ts";
import { analyseServiceEntries } from "./service-entries.ts";
import { reportSharedHosts } from "./shared-hosts.ts";
import { lintUnused } from "./unused.ts";
import { keyOf, viewOf } from "./view.ts";
import { analyseVirtualServices } from "./virtual-services.ts";

export function checkSources(
  sources: readonly SourceFile[],
  options: ProxyOptions,
  sink: DiagnosticSink,
  progress: Progress = NO_PROGRESS,
  cache: CompilerCache = new CompilerCache(),
): Reading {
  const remembering = new Remembering(sink);
  const reading = understand(sources, options, remembering, progress, cache);
  lookClosely(reading, options, remembering, sink);
  return reading;
}

/** Knows what was said, and passes it on. */
class Remembering implements DiagnosticSink {
  /** By `keyOf`. */
  readonly said = new Set<string>();
  hasErrors = false;
  readonly #sink: DiagnosticSink;

  constructor(sink: DiagnosticSink) {
    this.#sink = sink;
  }

  report(diagnostic: Diagnostic): void {
    this.said.add(keyOf(diagnostic));
    this.hasErrors ||= diagnostic.level === "error";
    this.#sink.report(diagnostic);
  }
}

function lookClosely(
  { resources, environment, config }: Reading,
  options: ProxyOptions,
  { said, hasErrors }: Remembering,
  sink: DiagnosticSink,
): void {
  const view = viewOf(resources, options, said, sink);
  analyseGateways(view);
  analyseVirtualServices(view);
  reportSharedHosts(view);
  analyseDestinationRules(view, environment.registry);
  analyseServiceEntries(view);
  lintRules(view);
  // A resource that is refused may be the one that asks for it.
  if (!hasErrors) {
    lintUnused(view);
  }
  reportNeverReached(config, resources, options, said, sink);
}
