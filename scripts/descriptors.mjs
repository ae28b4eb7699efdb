/**
 * Makes `compiler/run/ads/descriptors.json`, by which resources become protobuf: the descriptors of every message
 * that Sluice sends or is sent, from the Go module that mirrors Envoy's API release by release. Run by a maintainer, with
 * Go, when the newest Envoy is raised or a back end writes a message of a new type:
 *
 *   node scripts/descriptors.mjs
 */

import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { NEWEST_ENVOY } from "./envoy-versions.mjs";
import { ROOT } from "./setup.mjs";

const MODULE = "github.com/envoyproxy/go-control-plane/envoy";
const OUTPUT = path.join(ROOT, "compiler", "run", "ads", "descriptors.json");

/** Whatever stands in an `@type`, and the protocol. What these are made of comes with them. */
const MESSAGES = [
  "envoy.config.cluster.v3.Cluster",
  "envoy.config.core.v3.TypedExtensionConfig",
  "envoy.config.endpoint.v3.ClusterLoadAssignment",
  "envoy.config.listener.v3.Listener",
  "envoy.config.route.v3.FilterConfig",
  "envoy.config.route.v3.Route",
  "envoy.config.route.v3.RouteConfiguration",
  "envoy.config.trace.v3.OpenTelemetryConfig",
  "envoy.extensions.access_loggers.file.v3.FileAccessLog",
  "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
  "envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
  "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
  "envoy.extensions.clusters.dns.v3.DnsCluster",
  "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
  "envoy.extensions.compression.brotli.compressor.v3.Brotli",
  "envoy.extensions.compression.gzip.compressor.v3.Gzip",
  "envoy.extensions.compression.zstd.compressor.v3.Zstd",
  "envoy.extensions.filters.http.compressor.v3.Compressor",
  "envoy.extensions.filters.http.cors.v3.Cors",
  "envoy.extensions.filters.http.cors.v3.CorsPolicy",
  "envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig",
  "envoy.extensions.filters.http.fault.v3.HTTPFault",
  "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb",
  "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
  "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
  "envoy.extensions.filters.http.router.v3.Router",
  "envoy.extensions.filters.http.wasm.v3.Wasm",
  "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
  "envoy.extensions.filters.listener.original_dst.v3.OriginalDst",
  "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
  "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
  "envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit",
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
  "envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig",
  "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
  "envoy.extensions.filters.udp.dns_filter.v3.DnsFilterConfig",
  "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
  "envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig",
  "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
  "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
  "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
  "envoy.extensions.tracers.opentelemetry.samplers.v3.ParentBasedSamplerConfig",
  "envoy.extensions.tracers.opentelemetry.samplers.v3.TraceIdRatioBasedSamplerConfig",
  "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
  "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
  "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
  "envoy.extensions.transport_sockets.tls.v3.Secret",
  "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
  "envoy.service.discovery.v3.DeltaDiscoveryRequest",
  "envoy.service.discovery.v3.DeltaDiscoveryResponse",
  "envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
  "google.protobuf.BytesValue",
  // What a span is, for whoever reads one.
  "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
  // What an Envoy reports to the server that tells it what to do.
  "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest",
  "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse",
];

const run = promisify(execFile);
const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-descriptors-"));
try {
  const packages = new Set(
    MESSAGES.filter((name) => name.startsWith("envoy.")).map((name) =>
      name.split(".").slice(1, -1).join("/"),
    ),
  );
  const imports = [
    ...[...packages].map((name) => `${MODULE}/${name}`),
    "google.golang.org/protobuf/types/known/wrapperspb",
    "go.opentelemetry.io/proto/otlp/collector/metrics/v1",
    "go.opentelemetry.io/proto/otlp/collector/trace/v1",
  ];
  await cp(path.join(ROOT, "scripts", "descriptors", "prune.go"), path.join(folder, "prune.go"));
  await writeFile(
    path.join(folder, "imports.go"),
    `package main\n\nimport (\n${imports.map((name) => `\t_ "${name}"\n`).join("")})\n`,
  );
  await writeFile(path.join(folder, "go.mod"), "module descriptors\n");
  const version = `v${NEWEST_ENVOY}`;
  await run("go", ["get", `${MODULE}@${version}`], { cwd: folder });
  await run("go", ["mod", "tidy"], { cwd: folder });
  const { stdout } = await run("go", ["run", ".", ...MESSAGES], {
    cwd: folder,
    encoding: "buffer",
    maxBuffer: 64 << 20,
  });
  const zipped = gzipSync(stdout, { level: 9 });
  const made = {
    about: `Descriptors of protobuf messages from the Go module ${MODULE} ${version} and what it imports (Apache License 2.0; google.protobuf: BSD 3-Clause). A gzipped google.protobuf.FileDescriptorSet, made by scripts/descriptors.mjs.`,
    envoy: NEWEST_ENVOY,
    gzip: zipped.toString("base64"),
  };
  await writeFile(OUTPUT, `${JSON.stringify(made, null, 2)}\n`);
  console.log(`${path.relative(ROOT, OUTPUT)}: ${stdout.length} bytes, ${zipped.length} gzipped`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
