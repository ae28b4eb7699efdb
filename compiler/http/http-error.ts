/** Why a request over HTTP is not answered as it was meant, as a status and words. */

/** A request that cannot be answered as it was meant. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: keyof typeof ERROR_CODES,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.code = ERROR_CODES[status];
    this.headers = headers;
  }
}

/** `error.code` by status. */
export const ERROR_CODES = {
  400: "bad_request",
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  409: "conflict",
  413: "too_large",
  415: "unsupported_type",
  421: "misdirected",
  500: "internal",
  503: "unavailable",
} as const;
