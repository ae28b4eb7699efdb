/**
 * Limits of clients of which one makes another pointless. Their values by themselves are a matter of the schema; istiod takes these,
 * and so do we, but whoever wrote them expects something else.
 */

import { DIAGNOSTIC_CODES } from "../../../diagnostics/codes.ts";
import type { DiagnosticSink } from "../../../diagnostics/diagnostic.ts";
import type { Span } from "../../../diagnostics/span.ts";
import type { ConnectionSettings } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";

type Field = keyof ConnectionSettings;

/** The first is never reached where it is above the second. */
const PAIRS: readonly (readonly [pointless: Field, reached: Field])[] = [
  ["httpRequestHeadersTimeout", "httpRequestTimeout"],
  ["httpRequestTimeout", "httpMaxStreamDuration"],
  ["httpStreamIdleTimeout", "httpMaxStreamDuration"],
  ["httpIdleTimeout", "httpMaxConnectionDuration"],
  ["http2InitialStreamWindowSize", "http2InitialConnectionWindowSize"],
  ["listenerConnectionLimit", "globalDownstreamConnectionLimit"],
];

/** `spanOf`: the place of a field. */
export function checkConnectionSettings(
  settings: ConnectionSettings,
  spanOf: (field: Field) => Span,
  sink: DiagnosticSink,
): void {
  for (const [pointless, reached] of PAIRS) {
    const [own, other] = [amountOf(settings[pointless]), amountOf(settings[reached])];
    if (own > other && other > 0) {
      sink.report({
        code: "SL0948",
        level: DIAGNOSTIC_CODES.SL0948.level,
        message: `${pointless} is never reached: ${reached} is ${settings[reached]}`,
        span: spanOf(pointless),
        related: [{ message: "this one is reached first", span: spanOf(reached) }],
      });
    }
  }
}

function amountOf(value: ConnectionSettings[Field]): number {
  return typeof value === "number" ? value : typeof value === "string" ? (durationMs(value) ?? 0) : 0;
}
