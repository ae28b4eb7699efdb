/** `outlierDetection`. What is not set keeps Envoy's default. */

import type { OutlierDetection } from "../../../ir/ir.ts";
import type { OutlierDetectionSettings } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";

export function lowerOutlierDetection(
  settings: OutlierDetectionSettings | undefined,
): OutlierDetection | undefined {
  if (settings === undefined) {
    return undefined;
  }
  const { consecutive5xxErrors, consecutiveGatewayErrors, consecutiveLocalOriginFailures } = settings;
  const intervalMs = durationMs(settings.interval);
  const baseEjectionTimeMs = durationMs(settings.baseEjectionTime);
  return {
    ...(consecutive5xxErrors !== undefined && { consecutive5xx: consecutive5xxErrors }),
    ...(consecutiveGatewayErrors !== undefined && { consecutiveGatewayFailure: consecutiveGatewayErrors }),
    ...(settings.splitExternalLocalOriginErrors && {
      splitExternalLocalOriginErrors: true,
      ...(consecutiveLocalOriginFailures && {
        consecutiveLocalOriginFailure: consecutiveLocalOriginFailures,
      }),
    }),
    ...(intervalMs !== undefined && { intervalMs }),
    ...(baseEjectionTimeMs !== undefined && { baseEjectionTimeMs }),
    ...(settings.maxEjectionPercent && { maxEjectionPercent: settings.maxEjectionPercent }),
    ...(settings.outlierDetectionHttpErrorCodes?.length && {
      errorStatuses: settings.outlierDetectionHttpErrorCodes,
    }),
    // Unset is 0, too: istiod turns panic mode off.
    minHealthPercent: settings.minHealthPercent ?? 0,
  };
}
