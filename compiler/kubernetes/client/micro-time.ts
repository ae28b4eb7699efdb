/** Times of Leases and Events: RFC 3339 with six digits behind the second, as the API has them. */

export function microTime(time: Date): string {
  return time.toISOString().replace(/(\.\d{3})Z$/, "$1000Z");
}
