/**
 * The samples that Envoy sends of its requests, by OpenTelemetry's protocol, to the server that tells it what to do. Of a record
 * only its time and its attributes of text are read, by their numbers: an attribute may have bytes of a client that are no
 * UTF-8, for which a library would refuse the whole message, and all samples in it.
 *
 * https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
 */

import type { BinaryReader } from "@bufbuild/protobuf/wire";

/** One sample as it arrives. */
export interface LogRecord {
  /** Milliseconds since 1970, when the request began. */
  readonly at: number;
  /** Bytes that are no UTF-8 are replaced by U+FFFD. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** How the method is called. */
export const EXPORT_LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

const NANOS_PER_MS = 1_000_000n;

/** Reads what is sent to it, an `ExportLogsServiceRequest`. The reader throws for bytes that are no message. */
export async function logsReader(): Promise<(request: Uint8Array) => readonly LogRecord[]> {
  const { BinaryReader } = await import("@bufbuild/protobuf/wire");
  /** Calls `on` with the number of each field; what it does not read (false) is skipped. */
  const fields = (bytes: Uint8Array, on: (number: number, reader: BinaryReader) => boolean) => {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag();
      if (!on(number, reader)) {
        reader.skip(type, number);
      }
    }
  };
  /** The messages in a field that is repeated. */
  const messagesIn = (bytes: Uint8Array, wanted: number): Uint8Array[] => {
    const found: Uint8Array[] = [];
    fields(bytes, (number, reader) => number === wanted && found.push(reader.bytes()) > 0);
    return found;
  };
  const textIn = (bytes: Uint8Array): string | undefined => {
    const [text] = messagesIn(bytes, ANY_VALUE.string);
    return text && Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString("utf8");
  };
  const recordOf = (bytes: Uint8Array): LogRecord => {
    let at = 0;
    const attributes = new Map<string, string>();
    fields(bytes, (number, reader) => {
      if (number === RECORD.timeUnixNano) {
        at = Number(BigInt(reader.fixed64()) / NANOS_PER_MS);
        return true;
      }
      if (number !== RECORD.attributes) {
        return false;
      }
      const attribute = reader.bytes();
      const [key] = messagesIn(attribute, KEY_VALUE.key);
      const [value] = messagesIn(attribute, KEY_VALUE.value);
      const text = value && textIn(value);
      if (key !== undefined && text !== undefined) {
        attributes.set(Buffer.from(key).toString("utf8"), text);
      }
      return true;
    });
    return { at, attributes };
  };
  return (request) =>
    messagesIn(request, REQUEST.resourceLogs)
      .flatMap((logs) => messagesIn(logs, RESOURCE_LOGS.scopeLogs))
      .flatMap((logs) => messagesIn(logs, SCOPE_LOGS.logRecords))
      .map(recordOf);
}

// Numbers of fields, by their names in OpenTelemetry's `logs.proto` and `common.proto`.
const REQUEST = { resourceLogs: 1 };
const RESOURCE_LOGS = { scopeLogs: 2 };
const SCOPE_LOGS = { logRecords: 2 };
const RECORD = { timeUnixNano: 1, attributes: 6 };
const KEY_VALUE = { key: 1, value: 2 };
const ANY_VALUE = { string: 1 };
