/** GitHub's API, as far as comments of a pull request go. */

import http from "node:http";
import type net from "node:net";
import { KEPT_CONNECTIONS } from "../../harness/kept-connections.ts";

export interface StoredComment {
  readonly id: number;
  body: string;
  readonly user: { readonly login: string };
}

export class GitHub {
  readonly comments: StoredComment[] = [];
  /** Method and path of each request. */
  readonly asked: string[] = [];
  readonly tokens = new Set<string | undefined>();
  /** Answers writing requests with this status. */
  refuseWrites: number | undefined;
  readonly #server: http.Server;

  private constructor() {
    this.#server = http.createServer(
      KEPT_CONNECTIONS,
      (request, response) => void this.#answer(request, response),
    );
  }

  static async start(): Promise<GitHub> {
    const github = new GitHub();
    await new Promise<void>((resolve) => github.#server.listen(0, "127.0.0.1", resolve));
    return github;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`;
  }

  close(): Promise<unknown> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  add(login: string, body: string): StoredComment {
    const comment = { id: this.comments.length + 1, body, user: { login } };
    this.comments.push(comment);
    return comment;
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method, url = "" } = request;
    this.asked.push(`${method} ${url}`);
    this.tokens.add(request.headers.authorization);
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) {
      text += chunk;
    }
    const { pathname, searchParams } = new URL(url, "http://github");
    const send = (status: number, value: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    const shown = (comment: StoredComment) => ({
      ...comment,
      html_url: `https://github.example/#${comment.id}`,
    });
    if (method === "POST" && pathname === "/graphql") {
      return send(200, { data: { viewer: { login: "github-actions[bot]" } } });
    }
    if (method !== "GET" && this.refuseWrites !== undefined) {
      return send(this.refuseWrites, { message: "Resource not accessible by integration" });
    }
    if (pathname === "/repos/shop/rules/issues/7/comments") {
      if (method === "POST") {
        return send(201, shown(this.add("github-actions[bot]", JSON.parse(text).body)));
      }
      const size = Number(searchParams.get("per_page"));
      const start = (Number(searchParams.get("page")) - 1) * size;
      return send(200, this.comments.slice(start, start + size).map(shown));
    }
    const id = /^\/repos\/shop\/rules\/issues\/comments\/(\d+)$/.exec(pathname)?.[1];
    const comment = this.comments.find((one) => String(one.id) === id);
    if (method === "PATCH" && comment !== undefined) {
      comment.body = JSON.parse(text).body;
      return send(200, shown(comment));
    }
    send(404, { message: "Not Found" });
  }
}
