/** Which responses a listener compresses, for clients that take it (RFC 9110, 12.5.3). */

export interface Compression {
  /** At least one; where a client likes several equally well, the first of them. */
  readonly algorithms: readonly CompressionAlgorithm[];
  /** Smaller responses go as they are, if they say their size. Bytes. */
  readonly minimumBytes: number;
  /** Lower case, without parameters. */
  readonly contentTypes: readonly string[];
}

export const COMPRESSION_ALGORITHMS = ["brotli", "gzip", "zstd"] as const;
export type CompressionAlgorithm = (typeof COMPRESSION_ALGORITHMS)[number];
