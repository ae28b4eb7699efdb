/** Unix sockets, as Istio writes them where an address may stand. */

const UNIX = "unix://";

/** The path; `undefined` for another address. */
export function unixSocketPath(address: string | undefined): string | undefined {
  return address?.startsWith(UNIX) ? address.slice(UNIX.length) : undefined;
}

/** The absolute path of a file, or `@` and the name of an abstract socket. */
export function isSocketPath(path: string): boolean {
  return /^(@|\/.*[^/]$)/s.test(path);
}
