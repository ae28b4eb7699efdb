/**
 * The value of `sluice.dev/compression`: algorithms in the order in which they are preferred, such as `brotli, gzip`, or a
 * mapping in YAML that says more.
 */

import { COMPRESSION_ALGORITHMS, type Compression, type CompressionAlgorithm } from "../../ir/compression.ts";
import { parsePlain } from "../../source/yaml.ts";

/** What is wrong with a value, in words, or what it means. */
export type ParsedCompression = { readonly compression: Compression } | { readonly wrong: string };

/** A packet: less than that is not sent any sooner. */
const MINIMUM_BYTES = 1400;
const MOST_BYTES = 0xffff_ffff;

/** What is text, and comes as a whole. Streams of events are not among them: each event would wait for what makes it smaller. */
const CONTENT_TYPES = [
  "application/javascript",
  "application/json",
  "application/problem+json",
  "application/xhtml+xml",
  "application/xml",
  "image/svg+xml",
  "text/css",
  "text/csv",
  "text/html",
  "text/javascript",
  "text/plain",
  "text/xml",
];

const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/;
const KEYS = ["algorithms", "minimumBytes", "contentTypes"];

export function parseCompression(value: string): ParsedCompression {
  const fields = (value.includes(":") ? parsePlain(value)?.value : { algorithms: value }) as
    | Readonly<Record<string, unknown>>
    | undefined;
  if (fields === undefined) {
    return { wrong: "the value is neither a list of algorithms nor a mapping" };
  }
  const unknown = Object.keys(fields).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    return { wrong: `"${unknown}" is not one of ${KEYS.join(", ")}` };
  }
  const algorithms = listOf(fields.algorithms);
  const wrong = algorithms.find((name) => !COMPRESSION_ALGORITHMS.some((known) => known === name));
  if (wrong !== undefined || algorithms.length === 0) {
    return { wrong: `"${wrong ?? ""}" is not one of ${COMPRESSION_ALGORITHMS.join(", ")}` };
  }
  if (new Set(algorithms).size < algorithms.length) {
    return { wrong: "an algorithm is named twice" };
  }
  const { minimumBytes = MINIMUM_BYTES } = fields;
  if (!Number.isInteger(minimumBytes) || Number(minimumBytes) < 1 || Number(minimumBytes) > MOST_BYTES) {
    return { wrong: `minimumBytes "${minimumBytes}" is not a whole number of bytes from 1` };
  }
  const contentTypes = fields.contentTypes === undefined ? CONTENT_TYPES : listOf(fields.contentTypes);
  const noType = contentTypes.find((type) => !MEDIA_TYPE.test(type) || type.startsWith("application/grpc"));
  if (noType !== undefined || contentTypes.length === 0) {
    return { wrong: `"${noType ?? ""}" is not a content type that can be compressed` };
  }
  return {
    compression: {
      algorithms: algorithms as CompressionAlgorithm[],
      minimumBytes: Number(minimumBytes),
      contentTypes: [...new Set(contentTypes)],
    },
  };
}

/** Names between commas, or a list of them, in lower case. */
function listOf(value: unknown): string[] {
  const all = Array.isArray(value) ? value : String(value ?? "").split(",");
  return all.map((one) => String(one).trim().toLowerCase()).filter((one) => one !== "");
}
