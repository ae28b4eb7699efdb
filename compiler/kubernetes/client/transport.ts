/**
 * One request of HTTP to one API server: connections that are kept, TLS as the kubeconfig says, and credentials that may rotate
 * between two requests. It knows nothing of what is asked.
 *
 * It speaks HTTP/1.1: each watch has a connection of its own, so one that is stuck holds up nobody else, and a proxy in
 * between needs to know nothing new.
 */

import { createHash } from "node:crypto";
import http from "node:http";
import https from "node:https";
import type { ClusterAccess, Credentials } from "../credentials/cluster-access.ts";
import { TunnelAgent } from "./proxy-tunnel.ts";

export interface WireRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** How often a connection that is silent is asked by TCP whether it is still there. */
const KEEP_ALIVE_MS = 30_000;

export class Transport {
  readonly #access: ClusterAccess;
  #agent: http.Agent | undefined;
  /** What the agent's connections are made with. */
  #identity = "";

  constructor(access: ClusterAccess) {
    this.#access = access;
  }

  /**
   * Resolves when there are credentials to send with. That may take long, where somebody has to log in; after it, `send` has them
   * at once. Rejects with the signal's reason when that aborts it.
   */
  async prepare(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const ready = this.#access.credentials.current();
    if (signal === undefined) {
      await ready;
      return;
    }
    let onAbort = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      await Promise.race([ready, aborted]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Resolves when the head of an answer is here, whatever it says; rejects with Node's own errors. */
  async send(request: WireRequest): Promise<http.IncomingMessage> {
    const source = this.#access.credentials;
    const credentials = await source.current();
    const answer = await this.#sendAs(request, credentials);
    if (answer.statusCode !== 401) {
      return answer;
    }
    source.refused(credentials);
    const others = await source.current();
    if (JSON.stringify(others) === JSON.stringify(credentials)) {
      return answer;
    }
    answer.resume();
    return this.#sendAs(request, others);
  }

  close(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }

  async #sendAs(request: WireRequest, credentials: Credentials): Promise<http.IncomingMessage> {
    try {
      return await this.#sendOnce(request, credentials);
    } catch (error) {
      // The server has closed a kept connection just as it was used again; a POST may have been heard.
      if (error instanceof StaleConnection && request.method !== "POST") {
        return this.#sendOnce(request, credentials);
      }
      throw error instanceof StaleConnection ? error.cause : error;
    }
  }

  #sendOnce(request: WireRequest, credentials: Credentials): Promise<http.IncomingMessage> {
    const { server, impersonation } = this.#access;
    const options: https.RequestOptions = {
      host: server.hostname.replace(/^\[|\]$/g, ""),
      port: portOf(server),
      path: `${server.pathname.replace(/\/$/, "")}${request.path}`,
      method: request.method,
      headers: {
        ...request.headers,
        ...impersonation,
        ...(credentials.authorization !== undefined && { Authorization: credentials.authorization }),
        ...(request.body !== undefined && { "Content-Length": Buffer.byteLength(request.body) }),
      },
      agent: this.#agentFor(credentials),
      signal: request.signal,
    };
    return new Promise((resolve, reject) => {
      const sent = (server.protocol === "https:" ? https : http).request(options);
      sent.once("response", resolve);
      // Not once: an answer that is cut says so here too, and whoever reads it hears of it by itself.
      sent.on("error", (error: NodeJS.ErrnoException) => {
        const isStale = sent.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        reject(isStale ? new StaleConnection(error) : error);
      });
      sent.end(request.body);
    });
  }

  /** Another certificate, or other authorities, need other connections; the old ones end with what they carry. */
  #agentFor({ certificate }: Credentials): http.Agent {
    const ca = this.#access.authorities();
    const identity = createHash("sha256")
      .update(JSON.stringify([ca, certificate?.cert, certificate?.key]))
      .digest("base64");
    if (this.#agent === undefined || this.#identity !== identity) {
      this.#agent = agentOf(this.#access, ca, certificate);
      this.#identity = identity;
    }
    return this.#agent;
  }
}

function agentOf(
  { server, serverName, insecure, proxy }: ClusterAccess,
  ca: string | undefined,
  certificate: Credentials["certificate"],
): http.Agent {
  const kept = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS } as const;
  if (server.protocol === "http:") {
    return new http.Agent(kept);
  }
  const options: https.AgentOptions = {
    ...kept,
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { cert: certificate.cert, key: certificate.key }),
    ...(serverName !== undefined && { servername: serverName }),
    rejectUnauthorized: !insecure,
  };
  return proxy === undefined
    ? new https.Agent(options)
    : new TunnelAgent(proxy, `${server.hostname}:${portOf(server)}`, options);
}

function portOf({ port, protocol }: URL): string {
  return port || (protocol === "https:" ? "443" : "80");
}

class StaleConnection extends Error {
  override readonly cause: Error;

  constructor(cause: Error) {
    super(cause.message);
    this.cause = cause;
  }
}
