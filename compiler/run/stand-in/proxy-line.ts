/**
 * How a client of the tests comes from another address than its own: by the line with which a connection begins in version 1 of the
 * PROXY protocol (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt, section 2.1).
 */

import { isIPv6 } from "node:net";

/** Of a connection from an address without a port. */
export function proxyLine(from: string): Buffer {
  const [family, to] = isIPv6(from) ? ["TCP6", "::1"] : ["TCP4", "127.0.0.1"];
  return Buffer.from(`PROXY ${family} ${from} ${to} 40000 80\r\n`);
}
