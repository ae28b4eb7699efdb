/** Connections to an API server through a proxy: HTTP's CONNECT (RFC 9110, 9.3.6), and TLS with the server inside it. */

import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { EnvironmentError } from "../../platform/error.ts";

/** Of what is undefined after an error, Node's types say nothing. */
type Connected = (error: Error | null, socket: Duplex) => void;

/** An agent whose connections go through a proxy. */
export class TunnelAgent extends https.Agent {
  readonly #proxy: URL;
  readonly #target: string;

  /** `target` is `host:port`. */
  constructor(proxy: URL, target: string, options: https.AgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#target = target;
  }

  /** What Node calls for each new connection. */
  override createConnection(options: https.RequestOptions, callback?: Connected): undefined {
    tunnel(this.#proxy, this.#target).then(
      (socket) => callback?.(null, tls.connect({ ...(options as tls.ConnectionOptions), socket })),
      (error: Error) => callback?.(error, undefined as unknown as Duplex),
    );
  }
}

/** What a proxy may take to connect. */
const PATIENCE_MS = 30_000;

function tunnel(proxy: URL, target: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const name = `${proxy.protocol}//${proxy.host}`;
    const asked = (proxy.protocol === "https:" ? https : http).request({
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
      method: "CONNECT",
      path: target,
      headers: { Host: target, ...credentialsOf(proxy) },
      timeout: PATIENCE_MS,
    });
    asked.once("connect", ({ statusCode = 0 }, socket) => {
      if (statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      const hint =
        statusCode === 407 ? "; it wants a user and a password, as http://user:password@host:port" : "";
      reject(
        new EnvironmentError(
          `the proxy ${name} does not connect to ${target}: it answers ${statusCode}${hint}`,
        ),
      );
    });
    asked.once("timeout", () => asked.destroy(new Error("it does not answer in time")));
    asked.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "ECONNREFUSED" ? "connection refused" : error.message;
      reject(new EnvironmentError(`the proxy ${name} cannot be used for ${target}: ${why}`));
    });
    asked.end();
  });
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === "") {
    return {};
  }
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "Proxy-Authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}
