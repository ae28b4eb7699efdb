/**
 * What a client reads when the proxy itself has to say that something went wrong, in place of Envoy's own words. What an
 * upstream answers, and what a rule answers (its own response, a redirect, a fault), is never replaced.
 *
 * Nothing that a client or an upstream says can be put into a body: then none of them can be made to carry a script.
 */

/** Of several, the first that has the status counts. */
export interface ErrorPage {
  /** From 400 to 599. */
  readonly statuses: readonly StatusRange[];
  /** As it stands in `content-type`. */
  readonly contentType: string;
  /** Put together in their order. */
  readonly body: readonly BodyPart[];
}

/** Both ends are part of it. */
export interface StatusRange {
  readonly least: number;
  readonly most: number;
}

/** A text as it is, or what stands for the answer's status: its number, or its phrase. */
export type BodyPart = string | { readonly variable: "status" | "reason" };

/** The phrases of the statuses with which a proxy answers itself (RFC 9110, RFC 6585). */
export const REASONS: ReadonlyMap<number, string> = new Map([
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [408, "Request Timeout"],
  [413, "Content Too Large"],
  [426, "Upgrade Required"],
  [429, "Too Many Requests"],
  [431, "Request Header Fields Too Large"],
  [500, "Internal Server Error"],
  [501, "Not Implemented"],
  [502, "Bad Gateway"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
]);

/** The phrase of every other one. */
export const OTHER_REASON = "Error";

/** What Envoy calls answers that a rule gives: our filter and Envoy's own routes say the same. */
export const DETAILS_OF_RULES = ["direct_response", "fault_filter_abort"] as const;

export function errorPageFor(pages: readonly ErrorPage[], status: number): ErrorPage | undefined {
  return pages.find(({ statuses }) => statuses.some(({ least, most }) => least <= status && status <= most));
}

/** The body of a status. */
export function errorPageBody({ body }: ErrorPage, status: number): string {
  return body
    .map((part) =>
      typeof part === "string"
        ? part
        : part.variable === "status"
          ? String(status)
          : (REASONS.get(status) ?? OTHER_REASON),
    )
    .join("");
}
