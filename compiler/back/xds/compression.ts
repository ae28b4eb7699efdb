/**
 * Envoy's compressors, one for each algorithm, for both targets. They stand before everything else, so that what the filter
 * answers passes through them as what Envoy answers, and that they look at the client's own `accept-encoding`, whatever a
 * rule makes of it. An upstream that compresses itself is left alone.
 */

import type { CompressionAlgorithm } from "../../ir/compression.ts";
import type { Listener } from "../../ir/ir.ts";
import { type Extension, typed } from "./protobuf.ts";

/** A response costs memory while it passes, by its window: these are small, and zstd's is the smallest that Envoy lets us choose. */
const LIBRARIES: Readonly<Record<CompressionAlgorithm, Extension>> = {
  gzip: {
    name: "gzip",
    typed_config: typed("envoy.extensions.compression.gzip.compressor.v3.Gzip", {
      memory_level: 5,
      window_bits: 12,
    }),
  },
  brotli: {
    name: "brotli",
    typed_config: typed("envoy.extensions.compression.brotli.compressor.v3.Brotli", {
      quality: 3,
      window_bits: 16,
      input_block_bits: 16,
    }),
  },
  zstd: {
    name: "zstd",
    typed_config: typed("envoy.extensions.compression.zstd.compressor.v3.Zstd", { compression_level: 1 }),
  },
};

export function compressionFilters({ compression }: Listener): readonly Extension[] {
  if (compression === undefined) {
    return [];
  }
  const { algorithms, minimumBytes, contentTypes } = compression;
  return algorithms.map((algorithm, index) => ({
    name: `envoy.filters.http.compressor.${algorithm}`,
    typed_config: typed("envoy.extensions.filters.http.compressor.v3.Compressor", {
      compressor_library: LIBRARIES[algorithm],
      response_direction_config: {
        common_config: {
          min_content_length: minimumBytes,
          // Envoy 1.40 prefers `content_type_matcher`, which those before it do not know.
          content_type: contentTypes,
        },
        // A part of a file is a part of it as it was asked for.
        uncompressible_response_codes: [206],
      },
      ...(index === 0 && { choose_first: true }),
    }),
  }));
}
