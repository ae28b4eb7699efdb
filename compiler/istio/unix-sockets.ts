/** Unix sockets, as Istio writes them where an address may stand. */

const UNIX = "unix://";

/** The path; `undefined` for another address. */
export function unixSocketPath(address: string | undefined): string | undefined {
  return address?.startsWith(UNIX) ? address.slice(UNIX.length) : undefined;
}
