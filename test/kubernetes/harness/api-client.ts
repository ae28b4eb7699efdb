/** Asks an API server, with nothing of the product in between: JSON in, JSON out, on connections that are kept. */

import type { IncomingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";

export interface Credentials {
  /** Of the API server: `https://127.0.0.1:6443`. */
  readonly server: string;
  /** Who has issued its certificate, in PEM. */
  readonly authority: string;
  readonly token?: string;
  /** In PEM. */
  readonly certificate?: string;
  readonly key?: string;
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** An answer before it is read. */
export interface HeardAnswer {
  readonly status: number;
  /** Those that mean something to a client. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export class ApiClient {
  readonly credentials: Credentials;
  readonly #agent: Agent;

  constructor(credentials: Credentials) {
    this.credentials = credentials;
    const { authority, certificate, key } = credentials;
    this.#agent = new Agent({
      keepAlive: true,
      ca: authority,
      ...(certificate !== undefined && { cert: certificate }),
      ...(key !== undefined && { key }),
    });
  }

  /** The answer, whatever it is. */
  async ask<T = unknown>(
    method: Method,
    path: string,
    body?: unknown,
    contentType?: string,
  ): Promise<Answer<T>> {
    const { status, headers, text } = await this.hear(method, path, body, contentType);
    const isJson = headers["content-type"]?.startsWith("application/json") === true;
    return { status, body: (isJson ? JSON.parse(text) : text) as T };
  }

  /** The answer as it comes. */
  hear(method: Method, path: string, body?: unknown, contentType = "application/json"): Promise<HeardAnswer> {
    const { server, token } = this.credentials;
    return new Promise((resolve, reject) => {
      const headers = {
        accept: "application/json",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": contentType }),
      };
      const sent = request(new URL(path, server), { method, agent: this.#agent, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode!, headers: headersOf(response.headers), text }),
        );
      });
      sent.on("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** The body of a good answer; throws with the API server's words otherwise. */
  async get<T = unknown>(path: string): Promise<T> {
    return this.#good("GET", path);
  }

  async create<T = unknown>(path: string, body: object): Promise<T> {
    return this.#good("POST", path, body);
  }

  async replace<T = unknown>(path: string, body: object): Promise<T> {
    return this.#good("PUT", path, body);
  }

  /** By merge patch. */
  async patch<T = unknown>(path: string, body: object): Promise<T> {
    return this.#good("PATCH", path, body, "application/merge-patch+json");
  }

  async delete<T = unknown>(path: string): Promise<T> {
    return this.#good("DELETE", path);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #good<T>(method: Method, path: string, body?: object, contentType?: string): Promise<T> {
    const answer = await this.ask<T>(method, path, body, contentType);
    if (answer.status >= 300) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }
}

const MEANT_FOR_CLIENTS = ["content-type", "retry-after", "warning"];

function headersOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    MEANT_FOR_CLIENTS.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])),
  );
}
