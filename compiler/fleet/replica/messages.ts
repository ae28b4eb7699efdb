/** What servers of one fleet tell each other on a stream: a kind in the first byte, then JSON, or bytes of a journal. */

export type ReplicaMessage =
  /** Of the one that decides. A journal begins, of that term; as many bytes of it are a whole. */
  | { readonly kind: "journal"; readonly term: number; readonly bytes: number }
  /** Of the one that decides: what comes next of the journal that has begun. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** What servers know of their proxies, by the ids of the servers. */
  | { readonly kind: "reports"; readonly reports: readonly (readonly [string, object])[] };

const JSON_MESSAGE = 0x7b;
const BYTES_MESSAGE = 0x00;

export function encodeMessage(message: ReplicaMessage): Uint8Array {
  return message.kind === "bytes"
    ? Buffer.concat([Buffer.of(BYTES_MESSAGE), message.bytes])
    : Buffer.from(JSON.stringify(message));
}

/** Throws for what is none. */
export function decodeMessage(bytes: Uint8Array): ReplicaMessage {
  switch (bytes[0]) {
    case BYTES_MESSAGE:
      return { kind: "bytes", bytes: bytes.subarray(1) };
    case JSON_MESSAGE:
      return known(JSON.parse(Buffer.from(bytes).toString("utf8")));
    default:
      throw new Error("this is not a message of a server of the fleet");
  }
}

function known(message: Partial<Record<string, unknown>>): ReplicaMessage {
  const { kind, term, bytes, reports } = message;
  if (kind === "journal" && isCount(term) && isCount(bytes)) {
    return { kind, term, bytes };
  }
  if (kind === "reports" && Array.isArray(reports) && reports.every(isReport)) {
    return { kind, reports };
  }
  throw new Error("this is not a message of a server of the fleet");
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isReport(value: unknown): value is readonly [string, object] {
  const [id, report] = Array.isArray(value) ? value : [];
  return typeof id === "string" && typeof report === "object" && report !== null;
}
