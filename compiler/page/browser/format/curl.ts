/** A command that sends a request through a listener, for somebody who sees no traffic yet. */

import type { ListenerView } from "../../api.ts";

/** Absent for a listener that is not reached by TCP. */
export function curlLine(listener: ListenerView): string | undefined {
  const place = /^(.*):(\d+)$/.exec(listener.address);
  if (place === null) {
    return undefined;
  }
  const [, address, port] = place;
  const reached = /^(0\.0\.0\.0|\[::\]|::|\*)?$/.test(address!) ? "127.0.0.1" : address!;
  const named = listener.hosts.flatMap(({ domains }) => domains).find((domain) => !domain.includes("*"));
  const host = named?.replace(/:\d+$/, "");
  if (listener.tls) {
    const name = host ?? "localhost";
    return `curl -k --connect-to ${quoted(`::${reached}:${port}`)} ${quoted(`https://${name}/`)}`;
  }
  const header = host === undefined ? "" : ` -H ${quoted(`Host: ${host}`)}`;
  return `curl -i${header} ${quoted(`http://${reached}:${port}/`)}`;
}

/** As a shell takes it, whatever is in it. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
