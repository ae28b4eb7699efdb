/**
 * How a service of the demo calls another one: it connects to the proxy's mesh listener and names the service it
 * wants in the `Host` header, as one asks an explicit proxy. It knows no other address.
 */

import http from "node:http";
import https from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly elapsedMs: number;
}

export interface MeshClient {
  /** `host` is what stands in the `Host` header: `reviews:9080`. Rejects only when the proxy cannot be reached. */
  get(host: string, path: string, headers?: http.OutgoingHttpHeaders): Promise<Answer>;
  close(): void;
}

const TIMEOUT_MS = 15_000;

/** Speaks HTTPS when `authority` names, in PEM, whom it believes. */
export function meshClient(port: number, address = "127.0.0.1", authority?: string): MeshClient {
  const { Agent, request: open } = authority === undefined ? http : https;
  const agent = new Agent({ keepAlive: true });
  const ask = (host: string, path: string, headers: http.OutgoingHttpHeaders): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const start = performance.now();
      const tls = authority === undefined ? {} : { ca: authority, servername: host };
      const request = open(
        { host: address, port, path, agent, timeout: TIMEOUT_MS, headers: { ...headers, host }, ...tls },
        (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (text: string) => {
            body += text;
          });
          response.on("error", reject);
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body,
              elapsedMs: performance.now() - start,
            }),
          );
        },
      );
      request.on("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
      request.on("error", (error: NodeJS.ErrnoException) => {
        // A kept connection may be closed by the proxy in the moment it is used again; that is no answer of the mesh.
        if (request.reusedSocket && error.code === "ECONNRESET") {
          resolve(ask(host, path, headers));
        } else {
          reject(error);
        }
      });
      request.end();
    });
  return { get: (host, path, headers = {}) => ask(host, path, headers), close: () => agent.destroy() };
}

/** The headers that every service hands on, so that rules and traces see one request all the way. */
const PASSED_ON = [
  "end-user",
  "x-request-id",
  "traceparent",
  "tracestate",
  "b3",
  "x-b3-traceid",
  "x-b3-spanid",
  "x-b3-parentspanid",
  "x-b3-sampled",
  "x-b3-flags",
];

export function passedOn(incoming: http.IncomingHttpHeaders): http.OutgoingHttpHeaders {
  const headers: http.OutgoingHttpHeaders = {};
  for (const name of PASSED_ON) {
    const value = incoming[name];
    if (value !== undefined) {
      headers[name] = value;
    }
  }
  return headers;
}
