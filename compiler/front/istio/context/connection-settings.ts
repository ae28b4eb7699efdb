/**
 * ProxyConfig `connectionSettings`: what a client may cost this proxy. Source: istiod's `connection_settings.go`, which knows two
 * sets of defaults, none (SIDECAR) and Envoy's for the edge (EDGE), of which the latter are for gateways alone. A gateway about
 * which no profile is chosen has those of Envoy's that no client of good will notices.
 */

import type { HttpLimits, SocketLimits, Underscores } from "../../../ir/connection-limits.ts";
import type { Cluster, Listener, Role, TcpChain } from "../../../ir/ir.ts";
import type { EscapedSlashes, PathSteps } from "../../../ir/path-steps.ts";
import type { ConnectionSettings } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";

/** Of a listener on which HTTP is spoken. */
type Limited = Pick<Listener, "limits" | "underscores" | "paths">;

const KIB = 1024;

/**
 * What holds at gateways unless `profile` says otherwise: no answer that is slow, no stream that is silent and no path is affected.
 * The values are those of EDGE, and what Envoy's guide for edge proxies does not speak of: handshakes, and answers that nobody reads.
 */
const SAFE: HttpLimits = {
  bufferBytes: 32 * KIB,
  handshakeTimeoutMs: 15_000,
  requestHeadersTimeoutMs: 60_000,
  flushTimeoutMs: 300_000,
  http2: {
    maxConcurrentStreams: 100,
    streamWindowBytes: 64 * KIB,
    connectionWindowBytes: KIB * KIB,
  },
};

/** istiod's `applyEdgeProfileDefaults`. */
const EDGE: HttpLimits = {
  ...SAFE,
  idleTimeoutMs: 3_600_000,
  streamIdleTimeoutMs: 300_000,
  requestTimeoutMs: 300_000,
};

/** A body that is sent again in a retry may be as long as it was before buffers were made smaller: Envoy's 1 MiB. */
const RETRIED_BODY_BYTES = KIB * KIB;

const UNDERSCORES: Readonly<
  Record<
    NonNullable<ConnectionSettings["httpHeadersWithUnderscoresAction"]>,
    Underscores | "allow" | undefined
  >
> = {
  HEADERS_WITH_UNDERSCORES_UNSPECIFIED: undefined,
  HEADERS_WITH_UNDERSCORES_ALLOW: "allow",
  HEADERS_WITH_UNDERSCORES_REJECT_REQUEST: "reject",
  HEADERS_WITH_UNDERSCORES_DROP_HEADER: "drop",
};

const ESCAPED_SLASHES: Readonly<
  Record<NonNullable<ConnectionSettings["httpPathWithEscapedSlashesAction"]>, EscapedSlashes | undefined>
> = {
  PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED: undefined,
  KEEP_UNCHANGED: "keep",
  REJECT_REQUEST: "reject",
  UNESCAPE_AND_REDIRECT: "redirect",
  UNESCAPE_AND_FORWARD: "unescape",
};

/** A listener with its limits; the same one where there are none. */
export function limitListener(listener: Listener, settings: ConnectionSettings): Listener {
  const limited = limitsOf(settings, listener.role);
  return hasSome(limited) ? { ...listener, ...limited } : listener;
}

/** The same for connections in which no HTTP is read. */
export function limitChain(chain: TcpChain, settings: ConnectionSettings): TcpChain {
  const { bufferBytes, maxConnections, handshakeTimeoutMs } = httpLimits(settings, chain.role);
  const limits: SocketLimits = given({ bufferBytes, maxConnections, handshakeTimeoutMs });
  return hasSome(limits) ? { ...chain, limits } : chain;
}

const limitedClusters = new WeakMap<Cluster, Cluster>();

/** The same for connections to endpoints, which gateways and sidecars have alike. Nothing but what is written holds. */
export function limitClusters(
  clusters: readonly Cluster[],
  { clusterPerConnectionBufferLimitBytes: bufferBytes }: ConnectionSettings,
): readonly Cluster[] {
  if (bufferBytes === undefined) {
    return clusters;
  }
  return clusters.map((cluster) => {
    const known = limitedClusters.get(cluster);
    if (known?.bufferBytes === bufferBytes) {
      return known;
    }
    const limited = { ...cluster, bufferBytes };
    limitedClusters.set(cluster, limited);
    return limited;
  });
}

function limitsOf(settings: ConnectionSettings, role: Role): Limited {
  const isStrict = role === "gateway" && settings.profile === "EDGE";
  const limits = httpLimits(settings, role);
  const underscores = underscoresOf(settings) ?? (isStrict ? "reject" : undefined);
  const paths = pathsOf(settings, isStrict);
  return {
    ...(hasSome(limits) && { limits }),
    ...(underscores !== undefined && underscores !== "allow" && { underscores }),
    ...(hasSome(paths) && { paths }),
  };
}

function httpLimits(settings: ConnectionSettings, role: Role): HttpLimits {
  const defaults = defaultsOf(settings.profile, role);
  const http2 = given({
    ...defaults.http2,
    ...given({
      maxConcurrentStreams: settings.httpMaxConcurrentStreams,
      streamWindowBytes: settings.http2InitialStreamWindowSize,
      connectionWindowBytes: settings.http2InitialConnectionWindowSize,
    }),
  });
  const limits: HttpLimits = {
    ...defaults,
    ...given({
      // istiod gives them to the listeners of gateways alone.
      ...(role === "gateway" && { bufferBytes: settings.listenerPerConnectionBufferLimitBytes }),
      maxConnections: settings.listenerConnectionLimit,
      idleTimeoutMs: durationMs(settings.httpIdleTimeout),
      // To Envoy a duration of 0 is over at once.
      maxConnectionDurationMs: durationMs(settings.httpMaxConnectionDuration) || undefined,
      maxStreamDurationMs: durationMs(settings.httpMaxStreamDuration) || undefined,
      drainTimeoutMs: durationMs(settings.httpDrainTimeout),
      requestTimeoutMs: durationMs(settings.httpRequestTimeout),
      requestHeadersTimeoutMs: durationMs(settings.httpRequestHeadersTimeout),
      streamIdleTimeoutMs: durationMs(settings.httpStreamIdleTimeout),
    }),
    ...(hasSome(http2) && { http2 }),
  };
  const buffers = [limits.bufferBytes, http2.streamWindowBytes].filter((bytes) => bytes !== undefined);
  return {
    // A client that does not read is one with which nothing moves: whoever says how long that may be has said it.
    ...(settings.httpStreamIdleTimeout === undefined ? limits : without(limits, "flushTimeoutMs")),
    ...(buffers.some((bytes) => bytes < RETRIED_BODY_BYTES) && { retriedBodyBytes: RETRIED_BODY_BYTES }),
  };
}

function defaultsOf(profile: ConnectionSettings["profile"], role: Role): HttpLimits {
  if (role === "mesh" || profile === "SIDECAR") {
    return {};
  }
  return profile === "EDGE" ? EDGE : SAFE;
}

/** Absent where nothing is said, or as much as nothing. */
function underscoresOf({
  httpHeadersWithUnderscoresAction: action,
}: ConnectionSettings): Underscores | "allow" | undefined {
  return action === undefined ? undefined : UNDERSCORES[action];
}

function pathsOf(settings: ConnectionSettings, isStrict: boolean): Partial<PathSteps> {
  const { httpMergeSlashes, httpPathWithEscapedSlashesAction: action } = settings;
  const escapedSlashes = action === undefined ? undefined : ESCAPED_SLASHES[action];
  return given({
    mergesSlashes: httpMergeSlashes ?? (isStrict ? true : undefined),
    escapedSlashes: escapedSlashes ?? (isStrict ? ("redirect" as const) : undefined),
  });
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is not there. */
function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = value;
  return rest;
}

function hasSome(fields: object): boolean {
  return Object.keys(fields).length > 0;
}
