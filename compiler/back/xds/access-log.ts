/**
 * The access log of a listener: a line for each request, or for each connection in which no HTTP is read. Which rule took a
 * request is told by other operators where the filter decides than where Envoy's own routes do; the line is the same.
 */

import type { AccessLog, LogFields, LogFormat, LogValue } from "../../ir/access-log.ts";
import { STANDARD_OUTPUT } from "../../options/kinds.ts";
import { withOperators } from "../../options/log-format.ts";
import type { OwnOperator } from "../../options/log-operators.ts";
import type { ProxyOptions } from "../../options.ts";
import type { Decider } from "../decider.ts";
import { type Extension, type FractionalPercent, fractionalPercent, typed } from "./protobuf.ts";
import { chainOperators, ruleOperators } from "./rule-operators.ts";

/** `envoy.config.accesslog.v3.AccessLog` */
export interface EnvoyAccessLog extends Extension<FileAccessLog | StdoutAccessLog> {
  readonly filter?: {
    readonly runtime_filter: {
      readonly runtime_key: string;
      readonly percent_sampled: FractionalPercent;
      readonly use_independent_randomness: true;
    };
  };
}

/** `envoy.extensions.access_loggers.stream.v3.StdoutAccessLog` */
interface StdoutAccessLog {
  readonly log_format: SubstitutionFormat;
}

/** `envoy.extensions.access_loggers.file.v3.FileAccessLog` */
interface FileAccessLog extends StdoutAccessLog {
  readonly path: string;
}

/** `envoy.config.core.v3.SubstitutionFormatString` */
type SubstitutionFormat =
  | { readonly text_format_source: { readonly inline_string: string } }
  | { readonly json_format: LogFields };

export interface LogOptions extends Pick<ProxyOptions, "accessLogSample"> {
  /** Absent: none is written. */
  readonly log: AccessLog | undefined;
}

/** What Envoy's runtime may say of the sample instead of the option. */
const SAMPLE_KEY = "sluice.access_log_sample";

/** Istio's own line, in which the rule stands for the name of the route. */
const TEXT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %RULE%";

/** What a line of JSON has of a request. */
export const REQUEST_FIELDS = {
  time: "%START_TIME%",
  method: "%REQ(:METHOD)%",
  authority: "%REQ(:AUTHORITY)%",
  path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  protocol: "%PROTOCOL%",
  status: "%RESPONSE_CODE%",
  details: "%RESPONSE_CODE_DETAILS%",
  flags: "%RESPONSE_FLAGS%",
  rule: "%RULE%",
  match: "%MATCH%",
  fault: "%FAULT%",
  cluster: "%UPSTREAM_CLUSTER_RAW%",
  host: "%UPSTREAM_HOST%",
  attempts: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
  duration_ms: "%DURATION%",
  upstream_ms: "%COMMON_DURATION(US_TX_BEG:US_RX_BEG:ms)%",
  bytes_in: "%BYTES_RECEIVED%",
  bytes_out: "%BYTES_SENT%",
  client: "%DOWNSTREAM_REMOTE_ADDRESS%",
  request_id: "%REQ(X-REQUEST-ID)%",
  trace_id: "%TRACE_ID%",
  user_agent: "%REQ(USER-AGENT)%",
  forwarded_for: "%REQ(X-FORWARDED-FOR)%",
  listener: "%LISTENER%",
} as const;

/** And of a connection. */
export const CONNECTION_FIELDS = {
  time: "%START_TIME%",
  protocol: "TCP",
  details: "%CONNECTION_TERMINATION_DETAILS%",
  flags: "%RESPONSE_FLAGS%",
  sni: "%REQUESTED_SERVER_NAME%",
  cluster: "%UPSTREAM_CLUSTER_RAW%",
  host: "%UPSTREAM_HOST%",
  duration_ms: "%DURATION%",
  bytes_in: "%BYTES_RECEIVED%",
  bytes_out: "%BYTES_SENT%",
  client: "%DOWNSTREAM_REMOTE_ADDRESS%",
  listener: "%LISTENER%",
} as const;

/** Of an HTTP connection manager; nothing without a log. */
export function emitRequestLog(
  listener: string,
  decider: Decider,
  options: LogOptions,
): { access_log?: EnvoyAccessLog[] } {
  return emitLog(options, REQUEST_FIELDS, ruleOperators(listener, decider));
}

/** Of a TCP proxy; nothing without a log. */
export function emitConnectionLog(chain: string, options: LogOptions): { access_log?: EnvoyAccessLog[] } {
  return emitLog(options, CONNECTION_FIELDS, chainOperators(chain));
}

function emitLog(
  { log, accessLogSample }: LogOptions,
  fields: LogFields,
  own: Readonly<Record<OwnOperator, string>>,
): { access_log?: EnvoyAccessLog[] } {
  if (log === undefined) {
    return {};
  }
  const log_format = emitFormat(log.format, fields, own);
  const sink: Extension<FileAccessLog | StdoutAccessLog> =
    log.path === STANDARD_OUTPUT
      ? {
          name: "envoy.access_loggers.stdout",
          // Not `/dev/stdout`, which cannot be opened where it is a socket, as it is for a process of Node's.
          typed_config: typed("envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", { log_format }),
        }
      : {
          name: "envoy.access_loggers.file",
          typed_config: typed("envoy.extensions.access_loggers.file.v3.FileAccessLog", {
            path: log.path,
            log_format,
          }),
        };
  return { access_log: [{ ...sink, ...emitSample(accessLogSample) }] };
}

/** Dice of its own: what is traced, and what other logs have, is not more likely in this one. */
function emitSample(percent: number): Pick<EnvoyAccessLog, "filter"> {
  return percent === 100
    ? {}
    : {
        filter: {
          runtime_filter: {
            runtime_key: SAMPLE_KEY,
            percent_sampled: fractionalPercent(Math.round(percent * 10_000)),
            use_independent_randomness: true,
          },
        },
      };
}

function emitFormat(
  format: LogFormat,
  fields: LogFields,
  own: Readonly<Record<OwnOperator, string>>,
): SubstitutionFormat {
  if (format.kind === "text" || (format.kind === "named" && format.name === "text")) {
    const text = format.kind === "text" ? format.text : TEXT;
    return { text_format_source: { inline_string: `${withOperators(text, own)}\n` } };
  }
  return { json_format: fieldsWith(format.kind === "json" ? format.fields : fields, own) };
}

function fieldsWith(fields: LogFields, own: Readonly<Record<OwnOperator, string>>): LogFields {
  const value = (one: LogValue): LogValue => {
    if (typeof one === "string") {
      return withOperators(one, own);
    }
    if (typeof one === "number") {
      return one;
    }
    return isList(one) ? one.map(value) : fieldsWith(one, own);
  };
  return Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, value(one)]));
}

function isList(value: LogValue): value is readonly LogValue[] {
  return Array.isArray(value);
}
