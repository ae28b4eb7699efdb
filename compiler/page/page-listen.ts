/** Where a page is served, as text. */

import { ListenError, parseListen } from "../fleet/identity/listening.ts";

export interface PageListen {
  /** An IP address. */
  readonly address: string;
  /** Tried one after another until one is free. */
  readonly ports: readonly number[];
}

/** Which only programs of this machine reach. */
const ADDRESS = "127.0.0.1";
const FIRST_PORT = 9902;
/** Pages of one machine that find a port by themselves. */
const PORTS_TRIED = 20;

/** A port, `address:port`, or nothing for the first port from 9902 on that is free. Throws a `ListenError` for anything else. */
export function readPageListen(text = ""): PageListen {
  if (text === "") {
    return { address: ADDRESS, ports: Array.from({ length: PORTS_TRIED }, (_, i) => FIRST_PORT + i) };
  }
  const listen = parseListen(/^\d+$/.test(text) ? `${ADDRESS}:${text}` : text);
  if (listen?.port === undefined) {
    throw new ListenError(
      `--page: "${text}" is not valid; use a port, such as --page=9902, or an IP address and a port, such as --page=127.0.0.2:9902`,
    );
  }
  return { address: listen.host === "localhost" ? ADDRESS : listen.host, ports: [listen.port] };
}
