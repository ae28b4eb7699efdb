/**
 * The HTTP connection manager of a listener, for both targets: what is done to a request before any rule sees
 * it, and which filters decide. The values are istiod's for a gateway and for a sidecar's outbound listener.
 */

import type { Listener, VirtualHost } from "../../ir/ir.ts";
import { pathStepsAt } from "../../ir/path-normalization.ts";
import type { EscapedSlashes, PathSteps } from "../../ir/path-steps.ts";
import { type ClientCertificateHeader, DIRECT } from "../../ir/topology.ts";
import { perStretch } from "../../lists/stretches.ts";
import { type EnvoyAccessLog, emitRequestLog } from "./access-log.ts";
import { compressionFilters } from "./compression.ts";
import { emitManagerLimits, type ManagerLimits } from "./connection-limits.ts";
import { CORS } from "./cors.ts";
import { DYNAMIC_FORWARD_PROXY_FILTER } from "./dynamic-forward-proxy.ts";
import { emitErrorPages, type LocalReplyConfig } from "./error-pages.ts";
import { emitFault, FAULT_FILTER, FAULT_TYPE } from "./fault.ts";
import { grpcWebFilters } from "./grpc-web.ts";
import { type Http1ProtocolOptions, KEEPING_CASE } from "./header-case.ts";
import { emitNativeRoutes } from "./native-routes.ts";
import { deciderAt, type EmitContext, isFiltered, routeTableName } from "./options.ts";
import type { ConfigSource } from "./places.ts";
import { type Extension, typed, typeUrl } from "./protobuf.ts";
import { rateLimitFilters } from "./rate-limit.ts";
import type { RouteConfiguration } from "./route-configuration.ts";
import { emitTapLog, type TapLog } from "./tap-log.ts";
import { tokenFilters, tokenHeaders } from "./token-filter.ts";
import { emitTracing, type TracingFields } from "./tracing.ts";
import { type DiscoveredFilter, emitWasmFilter } from "./wasm-filter.ts";
import { emitClasses, emitClassRoutes } from "./wasm-routes.ts";

/** `envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager` */
export interface HttpConnectionManager extends PathOptions, TracingFields, ManagerLimits {
  readonly stat_prefix: string;
  readonly codec_type: "AUTO";
  readonly use_remote_address: boolean;
  readonly xff_num_trusted_hops?: number;
  readonly forward_client_cert_details?: ClientCertificateHeader;
  readonly set_current_client_cert_details?: ClientCertDetails;
  readonly server_name?: string;
  readonly server_header_transformation?: "PASS_THROUGH";
  readonly generate_request_id?: false;
  readonly append_x_forwarded_port?: true;
  readonly http_protocol_options?: Http1ProtocolOptions;
  readonly proxy_100_continue: boolean;
  readonly upgrade_configs: readonly { readonly upgrade_type: string }[];
  readonly access_log?: readonly (EnvoyAccessLog | TapLog)[];
  readonly local_reply_config?: LocalReplyConfig;
  readonly route_config?: RouteConfiguration;
  readonly rds?: Rds;
  readonly http_filters: readonly (Extension | DiscoveredFilter)[];
}

/** Which parts of a client's certificate its request carries on, in `x-forwarded-client-cert`. */
interface ClientCertDetails {
  readonly subject: boolean;
  readonly cert: boolean;
  readonly dns: boolean;
  readonly uri: boolean;
}

interface Rds {
  readonly config_source: ConfigSource;
  readonly route_config_name: string;
}

interface PathOptions {
  readonly normalize_path: boolean;
  readonly merge_slashes?: boolean;
  readonly path_with_escaped_slashes_action:
    | "KEEP_UNCHANGED"
    | "REJECT_REQUEST"
    | "UNESCAPE_AND_REDIRECT"
    | "UNESCAPE_AND_FORWARD";
}

const ESCAPED_SLASHES: Readonly<Record<EscapedSlashes, PathOptions["path_with_escaped_slashes_action"]>> = {
  keep: "KEEP_UNCHANGED",
  reject: "REJECT_REQUEST",
  redirect: "UNESCAPE_AND_REDIRECT",
  unescape: "UNESCAPE_AND_FORWARD",
};

function emitPathOptions({ normalizes, mergesSlashes, escapedSlashes }: PathSteps): PathOptions {
  return {
    normalize_path: normalizes,
    ...(mergesSlashes && { merge_slashes: true }),
    path_with_escaped_slashes_action: ESCAPED_SLASHES[escapedSlashes],
  };
}

const ROUTER_TYPE = "envoy.extensions.filters.http.router.v3.Router";

export const ROUTER: Extension = {
  name: "envoy.filters.http.router",
  typed_config: typed(ROUTER_TYPE, {}),
};

/** One that tells nobody anything by `x-envoy-…`. */
const SILENT_ROUTER: Extension = {
  ...ROUTER,
  typed_config: typed(ROUTER_TYPE, { suppress_envoy_headers: true }),
};

const FAULT: Extension = { name: FAULT_FILTER, typed_config: typed(FAULT_TYPE, emitFault({})) };

export const HTTP_CONNECTION_MANAGER =
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

export function isHttpConnectionManager(filter: Extension): filter is Extension<HttpConnectionManager> {
  return filter.typed_config["@type"] === typeUrl(HTTP_CONNECTION_MANAGER);
}

/** `forwardProxy`: some of its routes lead to the host that a request names. */
export function emitHttpConnectionManager(
  listener: Listener,
  forwardProxy: boolean,
  context: EmitContext,
): Extension<HttpConnectionManager> {
  const routesName = routeTableName(listener, context);
  const source = context.places.sourceOf("routes", routesName);
  const discovered = source && { rds: { config_source: source, route_config_name: routesName } };
  const decider = deciderAt(listener, context);
  const logs = [
    ...(emitRequestLog(listener.name, decider, context).access_log ?? []),
    ...emitTapLog(listener, context),
  ];
  const router = listener.routes.suppressesEnvoyHeaders ? SILENT_ROUTER : ROUTER;
  const tracing = emitTracing(listener, decider, context);
  const dropped = [
    ...(tracing.early_header_mutation_extensions ?? []),
    ...tokenHeaders(listener.authentication),
  ];
  const manager: HttpConnectionManager = {
    stat_prefix: listener.name,
    codec_type: "AUTO",
    ...emitPathOptions(pathStepsAt(listener, context.normalization)),
    // At the edge, what a client says about where it comes from and how (`x-forwarded-*`) is not believed.
    use_remote_address: listener.role === "gateway",
    ...emitTopology(listener),
    ...emitProxyHeaders(listener),
    // `internal_address_config` stays out: then no address is internal, whatever `x-forwarded-for` says, and Envoy
    // drops the `x-envoy-*` headers with which a client would steer it. An empty one means the private networks.
    ...emitManagerLimits(listener),
    proxy_100_continue: true,
    upgrade_configs: [{ upgrade_type: "websocket" }],
    ...(logs.length > 0 && { access_log: logs }),
    ...emitErrorPages(listener),
    ...tracing,
    ...(dropped.length > 0 && { early_header_mutation_extensions: dropped }),
    ...(isFiltered(listener, context)
      ? {
          ...(discovered ?? {
            route_config: emitClassRoutes(listener.name, emitClasses(listener), listener),
          }),
          http_filters: [
            ...compressionFilters(listener),
            ...tokenFilters(listener.authentication),
            emitWasmFilter(listener.name, context),
            ...grpcWebFilters(listener),
            ...(hasCors(listener) || context.places.filtersInAdvance ? [CORS] : []),
            ...(forwardProxy ? [DYNAMIC_FORWARD_PROXY_FILTER] : []),
            router,
          ],
        }
      : {
          ...(discovered ?? { route_config: emitNativeRoutes(listener, routesName, context) }),
          // istiod's order: an aborted request, even a preflight, has no CORS headers. Nor has one beyond a limit, which comes first,
          // as in the filter.
          http_filters: [
            ...compressionFilters(listener),
            ...tokenFilters(listener.authentication),
            ...rateLimitFilters(listener),
            ...grpcWebFilters(listener),
            FAULT,
            CORS,
            ...(forwardProxy ? [DYNAMIC_FORWARD_PROXY_FILTER] : []),
            router,
          ],
        }),
  };
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: typed(HTTP_CONNECTION_MANAGER, manager),
  };
}

/** Whom the client is taken for, and what of its certificate goes on: istiod's `buildGatewayConnectionManager`. */
function emitTopology({
  tls,
  topology = DIRECT,
}: Listener): Pick<
  HttpConnectionManager,
  "xff_num_trusted_hops" | "forward_client_cert_details" | "set_current_client_cert_details"
> {
  const { trustedProxies, clientCertificateHeader } = topology;
  const showsCertificate = (tls?.clientCertificate ?? "none") !== "none";
  // Without certificates, Envoy's own default does the same as ours: it drops what a client says of one.
  const isAsUsual = clientCertificateHeader === DIRECT.clientCertificateHeader && !showsCertificate;
  const isSet = clientCertificateHeader === "SANITIZE_SET" || clientCertificateHeader === "APPEND_FORWARD";
  return {
    ...(trustedProxies > 0 && { xff_num_trusted_hops: trustedProxies }),
    ...(!isAsUsual && {
      forward_client_cert_details: clientCertificateHeader,
      ...(isSet && {
        set_current_client_cert_details: { subject: true, cert: true, dns: true, uri: true },
      }),
    }),
  };
}

function emitProxyHeaders({
  proxyHeaders = {},
}: Listener): Pick<
  HttpConnectionManager,
  | "server_name"
  | "server_header_transformation"
  | "generate_request_id"
  | "append_x_forwarded_port"
  | "http_protocol_options"
> {
  const { server, withoutRequestId, forwardedPort, keepsCase } = proxyHeaders;
  return {
    ...(server?.kind === "named" && { server_name: server.name }),
    ...(server?.kind === "passThrough" && { server_header_transformation: "PASS_THROUGH" }),
    ...(withoutRequestId && { generate_request_id: false }),
    ...(forwardedPort && { append_x_forwarded_port: true }),
    ...(keepsCase && { http_protocol_options: KEEPING_CASE }),
  };
}

/** The filter costs every request a little, so without a reason it stands only where some rule has a policy. */
function hasCors({ routes }: Listener): boolean {
  return stretchesWithCors(routes.virtualHosts).includes(true);
}

const stretchesWithCors = perStretch((hosts: readonly VirtualHost[]) =>
  hosts.some(({ routes }) => routes.some(({ cors }) => cors !== undefined)),
);
