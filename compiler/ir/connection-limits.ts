/**
 * What one client may cost: how long it may take, how much it may have in memory, how many may come. A limit that is absent
 * does not exist, or is Envoy's own where that is said. Durations are milliseconds, and 0 switches one off; sizes are bytes.
 */

/** Of a socket, whatever is spoken on it. */
export interface SocketLimits {
  /** Soft limit of what is read and not passed on yet, and of what is written and not sent yet. Absent: Envoy's, 1 MiB. */
  readonly bufferBytes?: number;
  /** At one time; one more is closed at once. Where TLS clients are told apart by name, those of each name are counted apart. */
  readonly maxConnections?: number;
  /** For the handshake of TLS. */
  readonly handshakeTimeoutMs?: number;
}

/** Of a socket on which HTTP is spoken. */
export interface HttpLimits extends SocketLimits {
  /** Of a connection without requests. Absent: Envoy's, one hour. */
  readonly idleTimeoutMs?: number;
  /** Then a connection is drained. */
  readonly maxConnectionDurationMs?: number;
  /** Between the first notice of draining (GOAWAY) and the last one. Absent: Envoy's, 5 s. */
  readonly drainTimeoutMs?: number;
  /** From the first byte of a request's headers to the last. */
  readonly requestHeadersTimeoutMs?: number;
  /** For a whole request, its body included, unless its answer begins before. */
  readonly requestTimeoutMs?: number;
  /** Of a stream in which nothing moves, in either direction. */
  readonly streamIdleTimeoutMs?: number;
  /** Of a client that does not read the rest of its answer (HTTP/2). Absent: as that of a stream in which nothing moves. */
  readonly flushTimeoutMs?: number;
  /** Of a request with its answer. */
  readonly maxStreamDurationMs?: number;
  readonly http2?: Http2Limits;
  /** Of a request's body, to be sent again in a retry. Absent: as much as a buffer holds. */
  readonly retriedBodyBytes?: number;
}

/** What a client is told of when its connection begins. */
export interface Http2Limits {
  readonly maxConcurrentStreams?: number;
  /** What may be on its way unasked, for each stream and for all of a connection. */
  readonly streamWindowBytes?: number;
  readonly connectionWindowBytes?: number;
}

/** What becomes of a client's headers with an underscore in the name, which some servers take for a hyphen. */
export type Underscores =
  /** The request is answered 400. */
  | "reject"
  /** The header is left out, before any rule sees it. */
  | "drop";
