/**
 * istio.mesh.v1alpha1 MeshConfig: https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig. What nothing
 * here reads may be anything: whoever writes it is told by `unread`, by name.
 */

import { anything, boolean, duration, list, object, oneOf, type Schema, string } from "./build.ts";
import {
  connectionPool,
  localityLbSetting,
  outlierDetection,
  tcpKeepalive,
  zoneAwareLbSetting,
} from "./destination-rule.ts";
import { proxyConfig } from "./proxy-config.ts";
import { retries } from "./virtual-service.ts";

/** The fields that are read. */
const READ = {
  connectTimeout: duration,
  tcpKeepalive,
  h2UpgradePolicy: oneOf("DO_NOT_UPGRADE", "UPGRADE"),
  localityLbSetting,
  zoneAwareLbSetting,
  defaultHttpRetryPolicy: retries,
  defaultTrafficPolicy: object({ connectionPool, outlierDetection }),
  outboundTrafficPolicy: object({
    mode: oneOf("REGISTRY_ONLY", "ALLOW_ANY", "ALLOW_ANY_DYNAMIC_DNS"),
    tls: anything,
  }),
  pathNormalization: object({
    normalization: oneOf("DEFAULT", "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"),
  }),
  defaultServiceExportTo: list(string),
  defaultVirtualServiceExportTo: list(string),
  defaultDestinationRuleExportTo: list(string),
  rootNamespace: string,
  protocolDetectionTimeout: duration,
  accessLogFile: string,
  accessLogFormat: string,
  accessLogEncoding: oneOf("TEXT", "JSON"),
  serviceSettings: list(object({ settings: object({ clusterLocal: boolean }), hosts: list(string) })),
  tlsDefaults: object({
    minProtocolVersion: oneOf("TLS_AUTO", "TLSV1_2", "TLSV1_3"),
    cipherSuites: list(string),
    ecdhCurves: list(string),
  }),
  trustDomain: string,
  trustDomainAliases: list(string),
  dnsRefreshRate: duration,
  defaultConfig: proxyConfig,
};

/** The others, as of istio/api 1.32. */
const OTHERS = [
  "ca",
  "caCertificates",
  "certificates",
  "configSources",
  "defaultInboundHttpRetryPolicy",
  "defaultProviders",
  "disableEnvoyListenerLog",
  "discoverySelectors",
  "enableAutoMtls",
  "enableEnvoyAccessLogService",
  "enablePrometheusMerge",
  "enableTracing",
  "extensionProviders",
  "hboneIdleTimeout",
  "inboundClusterStatName",
  "inboundTrafficPolicy",
  "ingressClass",
  "ingressControllerMode",
  "ingressSelector",
  "ingressService",
  "meshMTLS",
  "outboundClusterStatName",
  "proxyHttpPort",
  "proxyInboundListenPort",
  "proxyListenPort",
  "serviceEntryVisibility",
  "serviceScopeConfigs",
  "verifyCertificateAtClient",
];

export const meshConfig = object({
  ...(Object.fromEntries(OTHERS.map((name) => [name, anything])) as Readonly<Record<never, Schema>>),
  ...READ,
});
