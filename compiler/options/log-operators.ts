/**
 * The operators of Envoy's format strings that a line of the access log may have: those that the oldest and the newest Envoy
 * of ours both know, with what each takes between its brackets. A real Envoy of each is asked whether it takes them all
 * (test/observe/log-operators.test.ts).
 *
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
 */

export interface LogOperator {
  /** What stands between its brackets; absent: it has none. */
  readonly argument?: RegExp;
  /** An argument that it takes, for people. */
  readonly example?: string;
  /** Whether it may stand without an argument. */
  readonly alone: boolean;
  /** Whether a length may follow: `%REQ(user-agent):80%`. */
  readonly length?: true;
  /** Its value may have several lines, which only JSON can say in one. */
  readonly severalLines?: true;
}

/** What Sluice writes for its own operators is what tells it for the listener's target. */
export const OWN_OPERATORS = ["RULE", "MATCH", "FAULT", "LISTENER"] as const;
export type OwnOperator = (typeof OWN_OPERATORS)[number];

const NAME = /^[^?()%\s\0]+$/;
const HEADER = /^[^?()%\s\0]+(\?[^?()%\s\0]+)?$/;
/** A namespace and a path of keys. */
const KEYS = /^[^:()%\s\0]+(:[^:()%\s\0]+)*$/;
/** As `strftime` has it, with fractions of a second by `%3f`. */
const TIME = /^[^()\n\r\0]+$/;
const STATE = /^[^:()%\s\0]+(:(PLAIN|TYPED))?$/;

const ADDRESSES = [
  "DOWNSTREAM_DIRECT_LOCAL",
  "DOWNSTREAM_DIRECT_REMOTE",
  "DOWNSTREAM_LOCAL",
  "DOWNSTREAM_REMOTE",
];
const UPSTREAM_ADDRESSES = ["UPSTREAM_LOCAL", "UPSTREAM_REMOTE"];

const PLAIN = [
  "ACCESS_LOG_TYPE",
  "BYTES_RECEIVED",
  "BYTES_RETRANSMITTED",
  "BYTES_SENT",
  "CONNECTION_ID",
  "CONNECTION_TERMINATION_DETAILS",
  "CUSTOM_FLAGS",
  "DOWNSTREAM_HANDSHAKE_DURATION",
  ...["DNS_SAN", "EMAIL_SAN", "IP_SAN", "OTHERNAME_SAN", "SUBJECT", "URI_SAN"].flatMap((name) => [
    `DOWNSTREAM_LOCAL_${name}`,
    `DOWNSTREAM_PEER_${name}`,
  ]),
  ...["CERT", "ISSUER", "SERIAL", "FINGERPRINT_1", "FINGERPRINT_256"].map(
    (name) => `DOWNSTREAM_PEER_${name}`,
  ),
  ...["CHAIN_FINGERPRINTS_1", "CHAIN_FINGERPRINTS_256", "CHAIN_SERIALS"].map(
    (name) => `DOWNSTREAM_PEER_${name}`,
  ),
  ...["DOWNSTREAM", "UPSTREAM"].flatMap((side) =>
    [
      "DECOMPRESSED_HEADER_BYTES_RECEIVED",
      "DECOMPRESSED_HEADER_BYTES_SENT",
      "HEADER_BYTES_RECEIVED",
      "HEADER_BYTES_SENT",
      "TLS_CIPHER",
      "TLS_SESSION_ID",
      "TLS_VERSION",
      "TRANSPORT_FAILURE_REASON",
      "WIRE_BYTES_RECEIVED",
      "WIRE_BYTES_SENT",
    ].map((name) => `${side}_${name}`),
  ),
  ...[...ADDRESSES, ...UPSTREAM_ADDRESSES].flatMap((of) => [
    `${of}_ADDRESS`,
    `${of}_ADDRESS_WITHOUT_PORT`,
    `${of}_PORT`,
  ]),
  "DURATION",
  "FILTER_CHAIN_NAME",
  "GRPC_STATUS_NUMBER",
  "HOSTNAME",
  "PROTOCOL",
  "REQUESTED_SERVER_NAME",
  "REQUEST_DURATION",
  "REQUEST_HEADERS_BYTES",
  "REQUEST_TX_DURATION",
  "RESPONSE_CODE",
  "RESPONSE_DURATION",
  "RESPONSE_FLAGS",
  "RESPONSE_FLAGS_LONG",
  "RESPONSE_HEADERS_BYTES",
  "RESPONSE_TRAILERS_BYTES",
  "RESPONSE_TX_DURATION",
  "ROUNDTRIP_DURATION",
  "ROUTE_NAME",
  "STREAM_ID",
  "TLS_JA3_FINGERPRINT",
  "TLS_JA4_FINGERPRINT",
  "TRACE_ID",
  "UNIQUE_ID",
  "UPSTREAM_CLUSTER",
  "UPSTREAM_CLUSTER_RAW",
  "UPSTREAM_CONNECTION_ID",
  "UPSTREAM_CONNECTION_POOL_READY_DURATION",
  "UPSTREAM_HOST",
  "UPSTREAM_HOST_NAME",
  "UPSTREAM_HOST_NAME_WITHOUT_PORT",
  ...["DNS_SAN", "IP_SAN", "URI_SAN"].flatMap((name) => [`UPSTREAM_LOCAL_${name}`, `UPSTREAM_PEER_${name}`]),
  ...["CERT", "ISSUER", "SUBJECT"].map((name) => `UPSTREAM_PEER_${name}`),
  "UPSTREAM_PROTOCOL",
  "UPSTREAM_REQUEST_ATTEMPT_COUNT",
  "VIRTUAL_CLUSTER_NAME",
  ...OWN_OPERATORS,
];

const WITH_TIME = [
  "DOWNSTREAM_PEER_CERT_V_END",
  "DOWNSTREAM_PEER_CERT_V_START",
  "EMIT_TIME",
  "EMIT_TIME_LOCAL",
  "START_TIME",
  "START_TIME_LOCAL",
  "UPSTREAM_PEER_CERT_V_END",
  "UPSTREAM_PEER_CERT_V_START",
];

const MOMENT =
  "(DS_RX_BEG|DS_RX_END|US_CX_BEG|US_CX_END|US_HS_END|US_TX_BEG|US_TX_END|US_RX_BEG|US_RX_END|DS_TX_BEG|DS_TX_END)";

/** By their names. */
export const LOG_OPERATORS: ReadonlyMap<string, LogOperator> = new Map<string, LogOperator>([
  ...PLAIN.map((name): [string, LogOperator] => [name, { alone: true }]),
  ...WITH_TIME.map((name): [string, LogOperator] => [
    name,
    { argument: TIME, example: "%Y-%m-%dT%H:%M:%S.%3fZ", alone: true },
  ]),
  ...["REQ", "RESP", "TRAILER"].map((name): [string, LogOperator] => [
    name,
    { argument: HEADER, example: "x-request-id", alone: false, length: true },
  ]),
  ["QUERY_PARAM", { argument: NAME, example: "page", alone: false, length: true }],
  ["ENVIRONMENT", { argument: NAME, example: "HOSTNAME", alone: false, length: true }],
  ["FILTER_STATE", { argument: STATE, example: "wasm.sluice.rule:PLAIN", alone: false, length: true }],
  ["UPSTREAM_FILTER_STATE", { argument: STATE, example: "a.key:PLAIN", alone: false, length: true }],
  ["DYNAMIC_METADATA", { argument: KEYS, example: "a.filter:key", alone: false }],
  ["CLUSTER_METADATA", { argument: KEYS, example: "a.filter:key", alone: false }],
  ["UPSTREAM_METADATA", { argument: KEYS, example: "a.filter:key", alone: false }],
  [
    "METADATA",
    {
      argument: /^(DYNAMIC|CLUSTER|ROUTE|UPSTREAM_HOST|LISTENER|VIRTUAL_HOST)(:[^:()%\s\0]+)+$/,
      example: "ROUTE:a.filter:key",
      alone: false,
    },
  ],
  [
    "COMMON_DURATION",
    {
      argument: new RegExp(`^${MOMENT}:${MOMENT}:(ms|us|ns)$`),
      example: "US_TX_BEG:US_RX_BEG:ms",
      alone: false,
    },
  ],
  [
    "PATH",
    {
      argument: /^(WQ|NQ)(:(ORIG|PATH|ORIG_OR_PATH))?$/,
      example: "NQ:ORIG_OR_PATH",
      alone: true,
      length: true,
    },
  ],
  ["GRPC_STATUS", { argument: /^(CAMEL_STRING|SNAKE_STRING|NUMBER)$/, example: "NUMBER", alone: true }],
  ["RESPONSE_CODE_DETAILS", { argument: /^ALLOW_WHITESPACES$/, example: "ALLOW_WHITESPACES", alone: true }],
  ["LOCAL_REPLY_BODY", { alone: true, severalLines: true }],
]);
