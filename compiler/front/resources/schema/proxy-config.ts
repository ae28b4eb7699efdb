/**
 * istio.mesh.v1alpha1 ProxyConfig, as `meshConfig.defaultConfig` and the annotation `proxy.istio.io/config` have it:
 * https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig. What nothing here reads may be anything.
 */

import {
  anything,
  atLeast,
  boolean,
  called,
  headerValue,
  map,
  object,
  oneOf,
  resource,
  type Schema,
  string,
  text,
  timeout,
  uint32,
} from "./build.ts";

const switchedOff = object({ disabled: boolean });
const switchedOn = object({ enabled: boolean });

const forwardClientCertDetails = oneOf(
  "UNDEFINED",
  "SANITIZE",
  "FORWARD_ONLY",
  "APPEND_FORWARD",
  "SANITIZE_SET",
  "ALWAYS_FORWARD_ONLY",
);

export const gatewayTopology = object({
  numTrustedProxies: uint32,
  forwardClientCertDetails,
  proxyProtocol: object({}),
});

export const proxyHeaders = object({
  forwardedClientCert: forwardClientCertDetails,
  setCurrentClientCertDetails: object({
    subject: boolean,
    cert: boolean,
    chain: boolean,
    dns: boolean,
    uri: boolean,
  }),
  requestId: switchedOff,
  server: object({ disabled: boolean, value: headerValue }),
  attemptCount: switchedOff,
  envoyDebugHeaders: switchedOff,
  metadataExchangeHeaders: object({ mode: oneOf("UNDEFINED", "IN_MESH") }),
  preserveHttp1HeaderCase: boolean,
  xForwardedHost: switchedOn,
  xForwardedPort: switchedOn,
});

/** istiod's `validateConnectionSettings`. */
const bytes = called("number of bytes", atLeast(0));
const count = called("limit", atLeast(1));
/** HTTP/2 knows no smaller one (RFC 9113, section 6.9.2). */
const window = called("window", atLeast(65_535));

export const connectionSettings = object({
  profile: oneOf("SIDECAR", "EDGE"),
  listenerPerConnectionBufferLimitBytes: bytes,
  clusterPerConnectionBufferLimitBytes: bytes,
  httpIdleTimeout: timeout,
  httpMaxConnectionDuration: timeout,
  httpDrainTimeout: timeout,
  httpRequestTimeout: timeout,
  httpRequestHeadersTimeout: timeout,
  httpStreamIdleTimeout: timeout,
  httpMaxStreamDuration: timeout,
  httpMaxConcurrentStreams: count,
  http2InitialStreamWindowSize: window,
  http2InitialConnectionWindowSize: window,
  httpHeadersWithUnderscoresAction: oneOf(
    "HEADERS_WITH_UNDERSCORES_UNSPECIFIED",
    "HEADERS_WITH_UNDERSCORES_ALLOW",
    "HEADERS_WITH_UNDERSCORES_REJECT_REQUEST",
    "HEADERS_WITH_UNDERSCORES_DROP_HEADER",
  ),
  httpMergeSlashes: boolean,
  httpPathWithEscapedSlashesAction: oneOf(
    "PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED",
    "KEEP_UNCHANGED",
    "REJECT_REQUEST",
    "UNESCAPE_AND_REDIRECT",
    "UNESCAPE_AND_FORWARD",
  ),
  listenerConnectionLimit: count,
  globalDownstreamConnectionLimit: count,
});

const concurrency: Schema<number> = { type: "integer", minimum: 0, maximum: 2_147_483_647 };
const image = object({ imageType: string });

/** The fields that are read. */
const READ = { gatewayTopology, proxyHeaders, connectionSettings, concurrency, proxyMetadata: map(string) };

/** The others, as of istio/api 1.32. */
const OTHERS = [
  "availabilityZone",
  "binaryPath",
  "caCertificatesPem",
  "configPath",
  "controlPlaneAuthPolicy",
  "customConfigFile",
  "discoveryAddress",
  "discoveryRefreshDelay",
  "drainDuration",
  "envoyAccessLogService",
  "envoyMetricsService",
  "envoyMetricsServiceAddress",
  "extraStatTags",
  "fileFlushInterval",
  "fileFlushMinSizeKb",
  "holdApplicationUntilProxyStarts",
  "image",
  "interceptionMode",
  "meshId",
  "privateKeyProvider",
  "proxyAdminPort",
  "proxyBootstrapTemplatePath",
  "proxyStatsMatcher",
  "readinessProbe",
  "runtimeValues",
  "sds",
  "serviceCluster",
  "statNameLength",
  "statsCompression",
  "statsdUdpAddress",
  "statusPort",
  "terminationDrainDuration",
  "tracing",
  "tracingServiceName",
  "zipkinAddress",
];

export const proxyConfig = object({
  ...(Object.fromEntries(OTHERS.map((name) => [name, anything])) as Readonly<Record<never, Schema>>),
  ...READ,
});

/** networking.istio.io ProxyConfig: https://istio.io/latest/docs/reference/config/networking/proxy-config/ */
export const proxyConfigResource = resource(
  object({
    selector: object({ matchLabels: map(text(63), { maxProperties: 4096 }) }),
    concurrency,
    environmentVariables: map(text(2048)),
    image,
  }),
);
