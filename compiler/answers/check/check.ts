/**
 * All that `sluice check` says: what the compiler finds, what stands between resources whichever proxy is asked, and
 * what is right and hardly meant.
 */

import { CompilerCache, type Reading, understand } from "../../compile.ts";
import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { ProxyOptions } from "../../options.ts";
import { NO_PROGRESS, type Progress } from "../../progress.ts";
import { checkClientTls } from "./client-tls.ts";
import { checkGateways } from "./gateway-surroundings.ts";
import { lintHealthChecks } from "./health-checks.ts";
import { reportHostCase } from "./host-case.ts";
import { lintRules } from "./lint-rules.ts";
import { reportNeverReached } from "./never-reached.ts";
import { reportRedirectLoops } from "./redirect-loops.ts";
import { reportReplacedHeaders } from "./replaced-headers.ts";
import { checkRules } from "./rule-surroundings.ts";
import { checkSecrets } from "./secrets.ts";
import { checkServiceEntries } from "./service-entries.ts";
import { reportShadowedEntries } from "./shadowed-entries.ts";
import { reportUnservedPorts } from "./unserved-ports.ts";
import { lintUnused } from "./unused.ts";
import { viewOf } from "./view.ts";

export function checkSources(
  sources: readonly SourceFile[],
  options: ProxyOptions,
  sink: DiagnosticSink,
  progress: Progress = NO_PROGRESS,
  cache: CompilerCache = new CompilerCache(),
): Reading {
  const reading = understand(sources, options, "check", sink, progress, cache, "ofEveryone");
  const view = viewOf(reading, options, sink, new Date());
  checkGateways(view);
  checkSecrets(view);
  checkRules(view);
  checkClientTls(view);
  checkServiceEntries(view);
  reportShadowedEntries(view);
  reportHostCase(view);
  reportReplacedHeaders(view);
  reportUnservedPorts(view);
  lintHealthChecks(view);
  lintRules(view);
  // A resource that is refused may be the one that asks for it.
  if (reading.errors === 0) {
    lintUnused(view);
  }
  reportNeverReached(reading, options, sink);
  reportRedirectLoops(reading, sink);
  return reading;
}
