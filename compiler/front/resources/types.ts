/**
 * The fields of networking.istio.io resources and of the Kubernetes resources that we read, as their schemas admit them:
 * a field is added to its schema, and is here. `v1`, `v1beta1` and `v1alpha3` share one schema. Durations are strings
 * (`1h30m`).
 */

import type { percent, Schema, ShapeOf, stringMatch } from "./schema/build.ts";
import type {
  tls as clientTls,
  connectionPool,
  destinationRule,
  loadBalancer,
  outlierDetection,
  trafficPolicy,
} from "./schema/destination-rule.ts";
import type { gateway, tls as serverTls } from "./schema/gateway.ts";
import type { endpointSlice, endpoints, pod, secret, service } from "./schema/kubernetes.ts";
import type { meshConfig } from "./schema/mesh-config.ts";
import type {
  connectionSettings,
  gatewayTopology,
  proxyConfig,
  proxyConfigResource,
  proxyHeaders,
} from "./schema/proxy-config.ts";
import type { jwtRule, requestAuthentication } from "./schema/request-authentication.ts";
import type { serviceEntry, workload, workloadGroup } from "./schema/service-entry.ts";
import type { sidecar } from "./schema/sidecar.ts";
import type {
  corsPolicy,
  destination,
  fault,
  headerOperations,
  headers,
  httpMatch,
  httpRoute,
  redirect,
  retries,
  rewrite,
  virtualService,
} from "./schema/virtual-service.ts";

type SpecOf<S extends Schema<{ readonly spec?: unknown }>> = NonNullable<ShapeOf<S>["spec"]>;
type ItemOf<T> = T extends readonly (infer Item)[] ? Item : never;

export interface StringMatch extends ShapeOf<typeof stringMatch> {}
export interface Percent extends ShapeOf<typeof percent> {}

export interface VirtualServiceSpec extends SpecOf<typeof virtualService> {}
export interface HttpRoute extends ShapeOf<typeof httpRoute> {}
export interface HttpMatchRequest extends ShapeOf<typeof httpMatch> {}
export type HttpRouteDestination = ItemOf<HttpRoute["route"]>;
export interface Destination extends ShapeOf<typeof destination> {}
export interface HeaderOperations extends ShapeOf<typeof headerOperations> {}
export interface Headers extends ShapeOf<typeof headers> {}
export interface HttpRedirect extends ShapeOf<typeof redirect> {}
export interface HttpRewrite extends ShapeOf<typeof rewrite> {}
export interface HttpRetry extends ShapeOf<typeof retries> {}
export interface HttpFault extends ShapeOf<typeof fault> {}
export interface CorsPolicy extends ShapeOf<typeof corsPolicy> {}
export type TlsRoute = ItemOf<VirtualServiceSpec["tls"]>;
export type TcpRoute = ItemOf<VirtualServiceSpec["tcp"]>;
export type RouteDestination = ItemOf<TcpRoute["route"]>;

export interface MeshConfigSpec extends ShapeOf<typeof meshConfig> {}
/** What is said of one proxy, or of all in `meshConfig.defaultConfig`. */
export interface ProxyConfigSpec extends ShapeOf<typeof proxyConfig> {}
/** networking.istio.io ProxyConfig. */
export interface ProxyConfigResourceSpec extends SpecOf<typeof proxyConfigResource> {}
export interface GatewayTopology extends ShapeOf<typeof gatewayTopology> {}
export interface ProxyHeaders extends ShapeOf<typeof proxyHeaders> {}
export interface ConnectionSettings extends ShapeOf<typeof connectionSettings> {}

export interface DestinationRuleSpec extends SpecOf<typeof destinationRule> {}
export type Subset = ItemOf<DestinationRuleSpec["subsets"]>;
export interface TrafficPolicy extends ShapeOf<typeof trafficPolicy> {}
export type PortTrafficPolicy = ItemOf<TrafficPolicy["portLevelSettings"]>;
export interface LoadBalancerSettings extends ShapeOf<typeof loadBalancer> {}
export type ConsistentHash = NonNullable<LoadBalancerSettings["consistentHash"]>;
export type LocalityLbSetting = NonNullable<LoadBalancerSettings["localityLbSetting"]>;
export type ZoneAwareLbSetting = NonNullable<LoadBalancerSettings["zoneAwareLbSetting"]>;
export interface ConnectionPoolSettings extends ShapeOf<typeof connectionPool> {}
export interface OutlierDetectionSettings extends ShapeOf<typeof outlierDetection> {}
export interface ClientTlsSettings extends ShapeOf<typeof clientTls> {}

export interface ServiceEntrySpec extends SpecOf<typeof serviceEntry> {}
export type ServicePort = ItemOf<ServiceEntrySpec["ports"]>;
export interface WorkloadEntrySpec extends ShapeOf<typeof workload> {}

export interface WorkloadGroupSpec extends SpecOf<typeof workloadGroup> {}

export interface SidecarSpec extends SpecOf<typeof sidecar> {}

export interface RequestAuthenticationSpec extends SpecOf<typeof requestAuthentication> {}
export interface JwtRule extends ShapeOf<typeof jwtRule> {}
export type PolicyTargetReference = ItemOf<RequestAuthenticationSpec["targetRefs"]>;

export interface GatewaySpec extends SpecOf<typeof gateway> {}
export type Server = ItemOf<GatewaySpec["servers"]>;
export interface ServerTlsSettings extends ShapeOf<typeof serverTls> {}

/** Kubernetes `v1` Service: its `spec`. */
export interface ServiceSpec extends SpecOf<typeof service> {}
/** Kubernetes `v1` Secret: the whole document. */
export interface SecretSpec extends ShapeOf<typeof secret> {}
/** Kubernetes `discovery.k8s.io/v1` EndpointSlice: the whole object, which has no `spec`. */
export interface EndpointSliceSpec extends ShapeOf<typeof endpointSlice> {}
/** Kubernetes `v1` Endpoints: the whole object, which has no `spec`. */
export interface EndpointsSpec extends ShapeOf<typeof endpoints> {}
/** Kubernetes `v1` Pod: the whole object. Its labels tell subsets apart. */
export interface PodSpec extends ShapeOf<typeof pod> {}
