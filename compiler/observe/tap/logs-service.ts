/**
 * The samples that Envoy sends of its requests, by OpenTelemetry's protocol, to the server that tells it what to do. Of a record
 * only its time and its attributes of text are read.
 *
 * https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
 */

import type { Message } from "@bufbuild/protobuf";
import { messageOf, messageRegistry } from "../../run/ads/messages.ts";

/** One sample as it arrives. */
export interface LogRecord {
  /** Milliseconds since 1970, when the request began. */
  readonly at: number;
  readonly attributes: ReadonlyMap<string, string>;
}

const SERVICE = "opentelemetry.proto.collector.logs.v1";
const NANOS_PER_MS = 1_000_000n;

interface ExportRequest extends Message {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly { readonly logRecords: readonly SentRecord[] }[];
  }[];
}

interface SentRecord {
  readonly timeUnixNano: bigint;
  readonly attributes: readonly {
    readonly key: string;
    readonly value?: { readonly value: { readonly case?: string; readonly value?: unknown } };
  }[];
}

/** How the method is called. */
export const EXPORT_LOGS = `/${SERVICE}.LogsService/Export`;

/** Reads what is sent to it. The reader throws for bytes that are no such message. */
export async function logsReader(): Promise<(request: Uint8Array) => readonly LogRecord[]> {
  const [{ fromBinary }, registry] = await Promise.all([import("@bufbuild/protobuf"), messageRegistry()]);
  const schema = messageOf(registry, `${SERVICE}.ExportLogsServiceRequest`);
  return (request) => {
    const { resourceLogs } = fromBinary(schema, request, { readUnknownFields: false }) as ExportRequest;
    return resourceLogs.flatMap(({ scopeLogs }) =>
      scopeLogs.flatMap(({ logRecords }) => logRecords.map(recordOf)),
    );
  };
}

function recordOf({ timeUnixNano, attributes }: SentRecord): LogRecord {
  const texts = new Map<string, string>();
  for (const { key, value } of attributes) {
    if (typeof value?.value.value === "string") {
      texts.set(key, value.value.value);
    }
  }
  return { at: Number(timeUnixNano / NANOS_PER_MS), attributes: texts };
}
