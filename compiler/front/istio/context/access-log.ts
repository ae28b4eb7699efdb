/**
 * The access log that the mesh asks for: `accessLogFile`, `accessLogEncoding` and `accessLogFormat` of the mesh configuration, as istiod's
 * `FileAccessLogFromMeshConfig` has them. The rule stands for the name of the route in Istio's own formats, as in ours.
 */

import type { AccessLog, LogFields, LogFormat } from "../../../ir/access-log.ts";
import { STANDARD_OUTPUT } from "../../../options/kinds.ts";
import { jsonFormatProblems } from "../../../options/log-format.ts";
import type { MeshConfigSpec } from "../../resources/model.ts";

type LogSettings = Pick<MeshConfigSpec, "accessLogFile" | "accessLogEncoding" | "accessLogFormat">;

/** Istio's `EnvoyJSONLogFormatIstio`. */
const JSON_FIELDS: LogFields = {
  start_time: "%START_TIME%",
  route_name: "%RULE%",
  method: "%REQ(:METHOD)%",
  path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  protocol: "%PROTOCOL%",
  response_code: "%RESPONSE_CODE%",
  response_flags: "%RESPONSE_FLAGS%",
  response_code_details: "%RESPONSE_CODE_DETAILS%",
  connection_termination_details: "%CONNECTION_TERMINATION_DETAILS%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  duration: "%DURATION%",
  upstream_service_time: "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
  x_forwarded_for: "%REQ(X-FORWARDED-FOR)%",
  user_agent: "%REQ(USER-AGENT)%",
  request_id: "%REQ(X-REQUEST-ID)%",
  authority: "%REQ(:AUTHORITY)%",
  upstream_host: "%UPSTREAM_HOST%",
  upstream_cluster: "%UPSTREAM_CLUSTER_RAW%",
  upstream_local_address: "%UPSTREAM_LOCAL_ADDRESS%",
  downstream_local_address: "%DOWNSTREAM_LOCAL_ADDRESS%",
  downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%",
  requested_server_name: "%REQUESTED_SERVER_NAME%",
  upstream_transport_failure_reason: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
};

/** Without a path where the mesh says only how to write one. */
export function accessLogOf(settings: LogSettings): AccessLog | undefined {
  const { accessLogFile = "", accessLogEncoding, accessLogFormat } = settings;
  return accessLogFile === "" && accessLogEncoding === undefined && !accessLogFormat
    ? undefined
    : {
        path: accessLogFile === "/dev/stdout" ? STANDARD_OUTPUT : accessLogFile,
        format: formatOf(settings),
      };
}

function formatOf({ accessLogEncoding, accessLogFormat = "" }: LogSettings): LogFormat {
  if (accessLogEncoding === "JSON") {
    const isOwn = accessLogFormat !== "" && jsonFormatProblems(accessLogFormat).length === 0;
    // What is wrong with it was reported.
    return { kind: "json", fields: isOwn ? (JSON.parse(accessLogFormat) as LogFields) : JSON_FIELDS };
  }
  return accessLogFormat === ""
    ? { kind: "named", name: "text" }
    : { kind: "text", text: accessLogFormat.replace(/\n$/, "") };
}
