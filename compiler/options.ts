/**
 * What describes the proxy that the rules are compiled for. An option is an entry of this table and nothing else: flags
 * and `--help`, keys of `sluice.yaml`, the schema of that file, the table in the documents, the checks of a program's
 * values and the types are all made from it.
 */

import {
  address,
  anyName,
  boundSocket,
  choice,
  dnsName,
  flag,
  folder,
  labels,
  locality,
  logPath,
  orEmpty,
  percentage,
  port,
  socket,
  upTo,
} from "./options/kinds.ts";

import { accessLogFormat } from "./options/log-format.ts";
import { memory } from "./options/memory.ts";
import { defaultsOf, option, type ValuesOf } from "./options/option.ts";
import { portMap } from "./options/port-map.ts";
import { traceCollector } from "./options/trace-collector.ts";

/** By their keys, in the order of `--help`. */
export const PROXY_OPTIONS = {
  /** What Envoy decides with. */
  target: option(choice("wasm", "native", "auto"), {
    default: "wasm",
    argument: "target",
    help: "how Envoy decides: with Sluice's filter (wasm), its own routes (native), or whichever costs less for each listener (auto)",
  }),
  /** Address that listeners bind. */
  listenAddress: option(address, {
    default: "0.0.0.0",
    argument: "addr",
    help: "address that listeners bind to",
    inFile: "IP address that listeners bind to; `sluice run` defaults to 127.0.0.1",
  }),
  /** Port of a Gateway server or mesh listener → port bound instead. */
  portMap: option(portMap, {
    default: new Map(),
    argument: "from=to",
    help: "bind to another port than the rules say, such as 80=8080, or gateway:80=8080 or mesh:80=8080 for one kind of listener; repeatable",
    inFile:
      "port in the rules → port to bind to instead; `gateway:80` is that of Gateways alone, `mesh:80` that of `meshListeners`",
  }),
  /** Port of the explicit outbound listener `mesh`; 0 writes none. */
  meshPort: option(port, {
    default: 15001,
    argument: "n",
    help: "port of the outbound listener, 0 for none",
  }),
  /** Also write a sidecar's outbound listeners `mesh_<port>`, one for each port of a service. */
  meshListeners: option(flag, {
    default: false,
    help: "add an outbound listener for each service port, like a sidecar",
  }),
  /** Where Envoy answers DNS over UDP for the services that this proxy sees; those without an address get one of 240.240.0.0/16. Empty: nowhere. */
  dns: option(boundSocket, {
    default: "",
    argument: "addr:port",
    help: "answer DNS over UDP there for services, with addresses of 240.240.0.0/16 for ServiceEntries without any",
  }),
  /** Unix socket of Envoy's admin interface, for its owner only; empty: whoever runs Envoy or writes the build chooses one. */
  adminSocket: option(socket, {
    default: "",
    defaultSaid: "one of its own in /tmp",
    argument: "path",
    help: "Unix socket of Envoy's admin interface, for its owner only",
  }),
  /** Port of 127.0.0.1 where the admin interface can be read, and draining be asked for; 0 opens none. */
  adminPort: option(port, {
    default: 0,
    argument: "n",
    help: "port of 127.0.0.1 to read Envoy's admin interface at, 0 for none",
  }),
  /** Port that answers `GET /ready` once Envoy serves, and nothing else; 0 opens none. */
  readyPort: option(port, {
    default: 0,
    argument: "n",
    help: "port that answers GET /ready once Envoy serves, and nothing else; 0 for none",
  }),
  /** Where Envoy writes a line for each request and each connection without HTTP: a file, `-` for its standard output; empty: nowhere. */
  accessLog: option(logPath, {
    default: "",
    argument: "path",
    help: "file for a line per request with the rule that took it, - for standard output",
    inFile: "file for a line per request with the rule that took it; `-` for standard output",
  }),
  /** `text`, `json`, a line with Envoy's operators, or the text of a JSON object of them. */
  accessLogFormat: option(accessLogFormat, {
    default: "text",
    argument: "format",
    help: "text, json, a line with Envoy's operators and %RULE%, %MATCH%, %FAULT%, %LISTENER%, or a JSON object of them",
  }),
  /** Percent of requests that get a line. */
  accessLogSample: option(percentage, {
    default: 100,
    argument: "percent",
    help: "share of requests that get a line in the access log, such as 10%",
  }),
  /** URL of an OpenTelemetry collector that gets a span for each sampled request, named after its rule; empty: none. */
  traceTo: option(traceCollector, {
    default: "",
    argument: "url",
    help: "OpenTelemetry collector that gets spans named after rules, such as http://otel:4318 or grpc://otel:4317",
  }),
  /** Percent of the traces that begin here that are sent. */
  traceSampling: option(percentage, {
    default: 1,
    argument: "percent",
    help: "share of the traces beginning at this proxy that are sent",
  }),
  /** `service.name` of the spans; empty: `sluice`. */
  traceService: option(anyName, {
    default: "sluice",
    argument: "name",
    help: "service.name of the spans of this proxy",
  }),
  /** Let requests be sampled while they pass: what `sluice tap` and the page show. */
  tap: option(flag, {
    default: false,
    help: "let sluice tap sample requests of an Envoy that sluice run runs, while they pass",
    helpOff: "do not let sluice tap or the page sample requests while they pass",
    inFile:
      "let `sluice tap` sample requests while they pass; `sluice run` defaults to true, for others it is of no effect",
  }),
  /** Port that answers `GET /metrics` in Prometheus' format, and nothing else; 0 opens none. */
  metricsPort: option(port, {
    default: 0,
    argument: "n",
    help: "port that answers GET /metrics for Prometheus, and nothing else; 0 for none",
  }),
  /** Labels of this proxy: matched by a Gateway's `selector` and a rule's `sourceLabels`. */
  proxyLabels: option(labels, {
    // The labels of Istio's own ingress gateway, so that its samples select this proxy as they are.
    default: { app: "istio-ingressgateway", istio: "ingressgateway" },
    argument: "k=v,…",
    help: "labels of this proxy, for a Gateway's selector",
  }),
  proxyNamespace: option(dnsName, {
    default: "default",
    argument: "ns",
    help: "namespace of this proxy",
  }),
  /** `region/zone/subzone` of this proxy; empty: what its labels say, if they say it. */
  proxyLocality: option(locality, {
    default: "",
    defaultSaid: "from its labels",
    argument: "region/zone/subzone",
    help: "where this proxy runs",
    inFile: "where this proxy runs: region/zone/subzone",
  }),
  /** The cluster that this proxy and all endpoints are in, of those that do not say another: their label `topology.istio.io/cluster`. */
  clusterId: option(anyName, {
    // That of an istiod to which none is told.
    default: "Kubernetes",
    argument: "id",
    help: "cluster of this proxy and of the endpoints, for subsets and priorities by topology.istio.io/cluster",
  }),
  /** The network that they are in, of those that do not say another: `topology.istio.io/network`; empty: none. */
  network: option(anyName, {
    default: "",
    argument: "name",
    help: "network of this proxy and of the endpoints, for subsets and priorities by topology.istio.io/network",
  }),
  /** Suffix of Kubernetes service names after `svc.`. */
  domainSuffix: option(dnsName, {
    default: "cluster.local",
    argument: "suffix",
    help: "suffix of Kubernetes service names",
  }),
  /** Envoy worker threads; 0: as ProxyConfig says, else one for each core. */
  concurrency: option(upTo(1024), {
    default: 0,
    argument: "n",
    help: "number of Envoy's worker threads, 0 for that of ProxyConfig, else one per core",
  }),
  /** Bytes of Envoy's heap, near which it takes no more requests; 0: as much as there is. */
  memoryLimit: option(memory, {
    default: 0,
    defaultSaid: "no limit",
    argument: "size",
    help: "memory that Envoy may use, such as 512MiB: near it, requests are answered 503",
  }),
  /** Connections of clients on all listeners together; 0: what ProxyConfig's `globalDownstreamConnectionLimit` says, else any number. */
  maxConnections: option(upTo(999_999_999), {
    default: 0,
    defaultSaid: "that of the mesh configuration, else no limit",
    argument: "n",
    help: "connections that clients may have at one time, on all listeners together",
  }),
  /** Istio's `meshConfig.pathNormalization`; empty: what the mesh configuration says, else BASE. */
  pathNormalization: option(orEmpty(choice("NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES")), {
    default: "",
    defaultSaid: "that of the mesh configuration, else BASE",
    argument: "mode",
    help: "Istio's meshConfig.pathNormalization",
  }),
  /**
   * Istio's `meshConfig.outboundTrafficPolicy`: whether the mesh listeners pass on what asks for unknown hosts; empty: what the
   * mesh configuration says, else ALLOW_ANY.
   */
  outboundPolicy: option(orEmpty(choice("REGISTRY_ONLY", "ALLOW_ANY")), {
    default: "",
    defaultSaid: "that of the mesh configuration, else ALLOW_ANY",
    argument: "policy",
    help: "whether the mesh listeners forward requests for unknown hosts",
  }),
  /** Serve although some policy of Istio's would deny what this proxy lets through. */
  allowUnenforced: option(flag, {
    default: false,
    help: "build, run and export even if a policy of Istio's would deny requests, which Sluice does not enforce",
    inFile:
      "`build`, `run` and `export` even if a policy of Istio's would deny requests, which Sluice does not enforce",
  }),
  /** Whether requests are counted by rule: where that is free, which is in the filter; by Envoy's own routes as well, of which there may be too many; or not at all. */
  ruleCounters: option(choice("auto", "on", "all", "off"), {
    default: "auto",
    argument: "when",
    help: "whether to count requests by rule: where it is free (auto), for listeners that Envoy's own routes decide for as well, up to 1,000 routes (on) or however many (all), or not at all (off)",
  }),
  /** Folder with a folder of files for each `credentialName`, as Kubernetes mounts a Secret; empty: none. */
  secretsDirectory: option(folder, {
    default: "",
    argument: "dir",
    help: "directory with a folder for each credentialName, as Kubernetes mounts Secrets",
  }),
  /** Folder of the proxy's own machine with its chain, its key and the roots of its mesh; empty: it has no identity. */
  identityDirectory: option(folder, {
    default: "",
    argument: "dir",
    help: "directory with this proxy's identity in the mesh, for ISTIO_MUTUAL: cert-chain.pem, key.pem and root-cert.pem, or tls.crt, tls.key and ca.crt",
  }),
};

/** The options of a proxy, each with a value. */
export interface ProxyOptions extends ValuesOf<typeof PROXY_OPTIONS> {}

/** What Envoy decides with: our filter (`wasm`), or its own routes (`native`). */
export type Target = ProxyOptions["target"];
/** As in Istio's `meshConfig.outboundTrafficPolicy`. */
export type OutboundPolicy = Exclude<ProxyOptions["outboundPolicy"], "">;

/** What holds for an option that is left out. */
export const DEFAULT_PROXY_OPTIONS: ProxyOptions = defaultsOf(PROXY_OPTIONS);
