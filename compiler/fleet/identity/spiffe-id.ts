/**
 * SPIFFE ids, by which workloads name themselves in certificates; in the form that Istio gives them they name a namespace.
 *
 * https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md#2-spiffe-identity
 */

export interface SpiffeId {
  readonly text: string;
  /** Of `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/NAME`; absent in an id of another form. */
  readonly namespace?: string;
}

/** Bytes; the standard wants no more to be taken. */
const LONGEST = 2048;
const ID = /^spiffe:\/\/[a-z0-9._-]{1,255}((?:\/[a-zA-Z0-9._-]+)*)$/;
/** https://istio.io/latest/docs/concepts/security/#istio-identity */
const OF_ISTIO = /^\/ns\/([^/]+)\/sa\/[^/]+$/;

/** Absent where the text is not a SPIFFE id. */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  const [, path] = (text.length <= LONGEST && ID.exec(text)) || [];
  if (path === undefined || path.split("/").some((part) => part === "." || part === "..")) {
    return undefined;
  }
  const [, namespace] = OF_ISTIO.exec(path) ?? [];
  return { text, ...(namespace !== undefined && { namespace }) };
}
