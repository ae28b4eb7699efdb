/** The API server has answered, but not with what was asked for. */

/** What a `Status` of the API says of a failure. */
interface Status {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown; readonly causes?: unknown };
}

/** Those of HTTP that mean something to more than one caller. */
export const API_STATUS = { forbidden: 403, notFound: 404, conflict: 409 } as const;

export class ApiError extends Error {
  /** Of HTTP. */
  readonly status: number;
  /** Kubernetes' word for it: `Expired`, `Forbidden`, `NotFound`, …; empty when the answer was not a `Status`. */
  readonly reason: string;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs?: number;
  /** `details` of the `Status`: which object, which fields. */
  readonly details?: unknown;

  constructor(status: number, message: string, more: ApiErrorDetails = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.reason = more.reason ?? "";
    if (more.retryAfterMs !== undefined) {
      this.retryAfterMs = more.retryAfterMs;
    }
    if (more.details !== undefined) {
      this.details = more.details;
    }
  }
}

export interface ApiErrorDetails {
  readonly reason?: string;
  readonly retryAfterMs?: number;
  readonly details?: unknown;
}

/** What somebody else's answer is shown of; it may be anything. */
const MOST_CHARACTERS = 300;

/** The error that an answer is, by its status of HTTP, its body and its header `Retry-After` (RFC 9110, 10.2.3). */
export function apiErrorOf(status: number, body: string, retryAfter?: string): ApiError {
  const said = statusOf(body);
  const ms = retryAfterMs(said, retryAfter);
  return new ApiError(status, messageOf(status, said, body), {
    ...(typeof said?.reason === "string" && { reason: said.reason }),
    ...(ms !== undefined && { retryAfterMs: ms }),
    ...(said?.details !== undefined && { details: said.details }),
  });
}

/** The error that an event of a watch is: its object is a `Status` with a code of its own. */
export function apiErrorOfStatus(object: unknown): ApiError {
  const code = (object as { readonly code?: unknown } | null)?.code;
  return apiErrorOf(typeof code === "number" ? code : 500, JSON.stringify(object ?? null));
}

function statusOf(body: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const isStatus = value !== null && typeof value === "object" && !Array.isArray(value);
    return isStatus && (value as { readonly kind?: unknown }).kind === "Status" ? value : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(status: number, said: Status | undefined, body: string): string {
  if (typeof said?.message === "string" && said.message !== "") {
    return shortened(said.message);
  }
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(body)) {
    return `status ${status} with a web page; a proxy in between, or a server that is not Kubernetes' API`;
  }
  const text = body.trim();
  return text === "" ? `status ${status}` : `status ${status}: ${shortened(text)}`;
}

function shortened(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a server sends must not move somebody's terminal
  const line = text.replace(/[\s\x00-\x1f\x7f-\x9f]+/g, " ");
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
}

/** No server is asked for longer pauses than this. */
const LONGEST_RETRY_MS = 60_000;

function retryAfterMs(said: Status | undefined, header: string | undefined): number | undefined {
  const seconds = header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
  const asked = seconds ?? said?.details?.retryAfterSeconds;
  return typeof asked === "number" && asked > 0 ? Math.min(asked * 1000, LONGEST_RETRY_MS) : undefined;
}
