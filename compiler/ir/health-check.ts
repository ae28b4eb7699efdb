/** Active health checks: an endpoint is asked at intervals whether it is well, whatever requests meet there. */

/** Envoy's `HealthCheck`. Times in milliseconds; thresholds are numbers of answers in a row. */
export interface HealthCheck {
  readonly asks: HttpCheck | GrpcCheck | TcpCheck;
  /** Between the end of a check and the next. */
  readonly intervalMs: number;
  /** After which an answer counts as missing. */
  readonly timeoutMs: number;
  /** Failures after which an endpoint gets no requests any more. The first check of a new one decides by itself. */
  readonly unhealthyThreshold: number;
  /** Successes after which it gets some again. */
  readonly healthyThreshold: number;
  /** Envoy's panic threshold: with fewer healthy endpoints, in percent, all are used. Absent: that of outlier detection. */
  readonly panicPercent?: number;
}

/** A GET. */
export interface HttpCheck {
  readonly protocol: "http1" | "http2";
  readonly path: string;
  /** The `:authority` of the check. */
  readonly host: string;
  /** Which answers are successes: from the first to the second, both of them included. At least one range. */
  readonly statuses: readonly (readonly [from: number, to: number])[];
}

/** `grpc.health.v1.Health/Check` */
export interface GrpcCheck {
  readonly protocol: "grpc";
  /** Absent: the server as a whole. */
  readonly service?: string;
  readonly host: string;
}

/** Whether a connection is accepted. */
export interface TcpCheck {
  readonly protocol: "tcp";
}
