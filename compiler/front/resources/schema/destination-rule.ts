/** networking.istio.io DestinationRule: https://istio.io/latest/docs/reference/config/networking/destination-rule/ */

import {
  boolean,
  called,
  duration,
  int32,
  list,
  map,
  object,
  oneOf,
  port,
  portSelector,
  resource,
  type Schema,
  string,
  text,
  uint32,
  upTo100,
} from "./build.ts";

const uint64: Schema<number> = { type: "integer", minimum: 0 };
const positive: Schema<number> = { ...uint32, minimum: 1 };
const unsigned: Schema<number> = { type: "number", minimum: 0 };
const status: Schema<number> = called("status", { type: "integer", minimum: 100, maximum: 599 });

const consistentHash = object(
  {
    httpHeaderName: string,
    httpCookie: object(
      {
        name: string,
        path: string,
        ttl: duration,
        attributes: list(object({ name: string, value: string }, { required: ["name"] })),
      },
      { required: ["name"] },
    ),
    useSourceIp: boolean,
    httpQueryParameterName: string,
    ringHash: object({ minimumRingSize: uint64 }),
    maglev: object({ tableSize: uint64 }),
    minimumRingSize: uint64,
  },
  {
    exclusive: [
      ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"],
      ["ringHash", "maglev"],
    ],
  },
);

export const localityLbSetting = object({
  enabled: boolean,
  distribute: list(object({ from: string, to: map(uint32) })),
  failover: list(object({ from: string, to: string })),
  failoverPriority: list(string),
});

export const zoneAwareLbSetting = object({
  enabled: boolean,
  failover: list(object({ from: string, to: string })),
  failoverPriority: list(string),
  minClusterSize: positive,
});

export const loadBalancer = object(
  {
    simple: oneOf("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"),
    consistentHash,
    backendUtilization: object({
      weightUpdatePeriod: duration,
      weightExpirationPeriod: duration,
      weightStabilizationPeriod: duration,
      errorUtilizationPenaltyPercent: called("percentage", uint32, 50),
      metricNamesForComputingUtilization: list(string),
    }),
    localityLbSetting,
    zoneAwareLbSetting,
    warmupDurationSecs: duration,
    warmup: object({ duration, minimumPercent: upTo100, aggression: unsigned }, { required: ["duration"] }),
  },
  { exclusive: [["simple", "consistentHash", "backendUtilization"]] },
);

export const tcpKeepalive = object({ probes: uint32, time: duration, interval: duration });

export const connectionPool = object({
  tcp: object({
    maxConnections: int32,
    connectTimeout: duration,
    tcpKeepalive,
    maxConnectionDuration: duration,
    idleTimeout: duration,
  }),
  http: object({
    http1MaxPendingRequests: int32,
    http2MaxRequests: int32,
    maxRequestsPerConnection: int32,
    maxRetries: int32,
    idleTimeout: duration,
    h2UpgradePolicy: oneOf("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"),
    useClientProtocol: boolean,
    maxConcurrentStreams: int32,
    http2KeepAlive: object({ interval: duration, timeout: duration }),
  }),
});

export const outlierDetection = object({
  consecutiveErrors: int32,
  splitExternalLocalOriginErrors: boolean,
  consecutiveLocalOriginFailures: uint32,
  consecutiveGatewayErrors: uint32,
  consecutive5xxErrors: uint32,
  interval: duration,
  baseEjectionTime: duration,
  maxEjectionPercent: called("percentage", int32, 50),
  minHealthPercent: called("percentage", int32, 50),
  outlierDetectionHttpErrorCodes: list(status),
});

export const tls = object({
  mode: oneOf("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"),
  clientCertificate: string,
  privateKey: string,
  caCertificates: string,
  credentialName: string,
  subjectAltNames: list(string),
  sni: string,
  insecureSkipVerify: boolean,
  caCrl: string,
});

const blocks = { loadBalancer, connectionPool, outlierDetection, tls };

export const trafficPolicy = object({
  ...blocks,
  portLevelSettings: list(object({ port: portSelector, ...blocks }), { maxItems: 4096 }),
  tunnel: object(
    { protocol: string, targetHost: string, targetPort: port },
    { required: ["targetHost", "targetPort"] },
  ),
  proxyProtocol: object({ version: oneOf("V1", "V2") }),
  retryBudget: object({ percent: upTo100, minRetryConcurrency: uint32, budgetInterval: duration }),
});

export const destinationRule = resource(
  object(
    {
      host: string,
      trafficPolicy,
      subsets: list(object({ name: string, labels: map(string), trafficPolicy }, { required: ["name"] })),
      exportTo: list(string),
      workloadSelector: object({ matchLabels: map(text(63), { maxProperties: 4096 }) }),
    },
    { required: ["host"] },
  ),
);
