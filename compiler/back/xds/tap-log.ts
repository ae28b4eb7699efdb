/**
 * What a listener says of requests that are sampled while they pass: an access log that goes to whoever runs Envoy, behind a
 * percentage of Envoy's runtime, which can be changed at any time. At 0 % a request pays for one look at that number.
 *
 * Each thing is an attribute of its own in a message of protobuf, so that no text of a client can pass for another one, or for
 * another request.
 */

import { ORIGINAL_HOST_HEADER, ORIGINAL_PATH_HEADER } from "../../../filter/layout.ts";
import type { Listener } from "../../ir/ir.ts";
import { deciderAt, type EmitContext } from "./options.ts";
import type { TapPlace } from "./places.ts";
import { duration, type Extension, fractionalPercent, typed } from "./protobuf.ts";
import { ruleOperators } from "./rule-operators.ts";

/** Of Envoy's runtime: the percentage of requests that are sampled. */
export const TAP_RUNTIME_KEY = "sluice.tap";

/** `envoy.config.accesslog.v3.AccessLog` */
export interface TapLog extends Extension {
  readonly filter: object;
}

/** Before the name of a header, in the key of its attribute. */
export const HEADER_ATTRIBUTE = "header ";
/** What Envoy writes for what is not there. */
export const ABSENT = "-";
/** How late a sample may come: they are collected for so long, so that not each costs a message. */
const LATENESS_MS = 200;
/** Characters of what a client can make as long as it likes. */
const LONGEST_VALUE = 2048;

/** Envoy's command for each attribute that is the same for both targets. */
const COMMANDS = {
  method: "%REQ(:METHOD)%",
  scheme: "%REQ(:SCHEME)%",
  authority: `%REQ(:AUTHORITY):${LONGEST_VALUE}%`,
  // Written where a rule changes them, and what a client sends elsewhere.
  originalAuthority: `%REQ(${ORIGINAL_HOST_HEADER}):${LONGEST_VALUE}%`,
  path: `%REQ(:PATH):${LONGEST_VALUE}%`,
  originalPath: `%REQ(${ORIGINAL_PATH_HEADER}):${LONGEST_VALUE}%`,
  protocol: "%PROTOCOL%",
  status: "%RESPONSE_CODE%",
  details: "%RESPONSE_CODE_DETAILS%",
  flags: "%RESPONSE_FLAGS%",
  durationMs: "%DURATION%",
  upstreamMs: "%COMMON_DURATION(US_TX_BEG:US_RX_BEG:ms)%",
  attempts: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
  bytesIn: "%BYTES_RECEIVED%",
  bytesOut: "%BYTES_SENT%",
  // Not the name of its statistics.
  cluster: "%UPSTREAM_CLUSTER_RAW%",
  endpoint: "%UPSTREAM_HOST%",
  client: "%DOWNSTREAM_REMOTE_ADDRESS%",
  requestId: "%REQ(X-REQUEST-ID):128%",
} as const;

/** The attributes of a sample, but for those of headers. */
export type TapAttribute = keyof typeof COMMANDS | "listener" | "rule" | "fault";

/** Nothing where samples are not wanted, or nobody is there to take them. */
export function emitTapLog(listener: Listener, context: EmitContext): readonly TapLog[] {
  const place = context.tap ? context.places.tap : undefined;
  return place === undefined ? [] : [tapLog(listener, place, context)];
}

function tapLog(listener: Listener, { cluster, headers }: TapPlace, context: EmitContext): TapLog {
  const { RULE, FAULT, LISTENER } = ruleOperators(listener.name, deciderAt(listener, context));
  const attributes: Readonly<Record<TapAttribute, string>> = {
    listener: LISTENER,
    rule: RULE,
    fault: FAULT,
    ...COMMANDS,
  };
  const ofHeaders = headers.map(
    (name) => [`${HEADER_ATTRIBUTE}${name}`, `%REQ(${name}):${LONGEST_VALUE}%`] as const,
  );
  return {
    name: "sluice.tap",
    filter: {
      runtime_filter: {
        runtime_key: TAP_RUNTIME_KEY,
        percent_sampled: fractionalPercent(0),
        // Else whoever chooses the id of a request chooses whether it is seen.
        use_independent_randomness: true,
      },
    },
    typed_config: typed("envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig", {
      // Deprecated from 1.38 on, and the only way to say it to Envoy 1.36.
      common_config: {
        // The same for all listeners, which then share what collects them.
        log_name: "sluice.tap",
        transport_api_version: "V3",
        grpc_service: { envoy_grpc: { cluster_name: cluster } },
        buffer_flush_interval: duration(LATENESS_MS),
      },
      disable_builtin_labels: true,
      attributes: {
        values: [...Object.entries(attributes), ...ofHeaders].map(([key, command]) => ({
          key,
          value: { string_value: command },
        })),
      },
    }),
  };
}
