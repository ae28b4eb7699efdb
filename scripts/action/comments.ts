/** Comments of a pull request, over GitHub's API: https://docs.github.com/en/rest/issues/comments */

import { HttpClient, HttpClientError } from "@actions/http-client";
import { BearerCredentialHandler } from "@actions/http-client/lib/auth";
import { ActionError } from "./failure.ts";

export interface Comment {
  readonly id: number;
  readonly url: string;
  readonly body: string;
}

/** The token is not allowed to. */
export class RefusedError extends Error {}

interface ApiComment {
  readonly id: number;
  readonly html_url: string;
  readonly body?: string;
  readonly user: { readonly login: string } | null;
}

const PAGE = 100;
const TIMEOUT_MS = 20_000;

export class Comments {
  readonly #client: HttpClient;
  readonly #repository: string;
  readonly #graphql: string;

  constructor(env: NodeJS.ProcessEnv, token: string) {
    const repository = env.GITHUB_REPOSITORY ?? "";
    if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
      throw new ActionError(`GITHUB_REPOSITORY: "${repository}" is not owner/name`);
    }
    const api = env.GITHUB_API_URL || "https://api.github.com";
    this.#repository = `${api}/repos/${repository}`;
    this.#graphql = env.GITHUB_GRAPHQL_URL || `${api}/graphql`;
    this.#client = new HttpClient("sluice", [new BearerCredentialHandler(token)], {
      allowRetries: true,
      maxRetries: 2,
      socketTimeout: TIMEOUT_MS,
      headers: { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28" },
    });
  }

  /** The first that begins with `marker` and is our own: a stranger's could be changed by them later. */
  async find(number: number, marker: string): Promise<Comment | undefined> {
    let self: string | undefined;
    for (let page = 1; ; page++) {
      const url = `${this.#repository}/issues/${number}/comments?per_page=${PAGE}&page=${page}`;
      const comments = await this.#ask(() => this.#client.getJson<ApiComment[]>(url));
      for (const { id, html_url, body, user } of comments) {
        if (!body?.startsWith(`${marker}\n`)) {
          continue;
        }
        self ??= await this.#self();
        if (user?.login === self || user?.login === `${self}[bot]`) {
          return { id, url: html_url, body };
        }
      }
      if (comments.length < PAGE) {
        return undefined;
      }
    }
  }

  /** Both give the address of the comment. */
  async create(number: number, body: string): Promise<string> {
    const url = `${this.#repository}/issues/${number}/comments`;
    return (await this.#ask(() => this.#client.postJson<ApiComment>(url, { body }))).html_url;
  }

  async update(id: number, body: string): Promise<string> {
    const url = `${this.#repository}/issues/comments/${id}`;
    return (await this.#ask(() => this.#client.patchJson<ApiComment>(url, { body }))).html_url;
  }

  /** Whose token it is. A workflow's own token is nobody to the REST API. */
  async #self(): Promise<string> {
    const query = "query { viewer { login } }";
    const { data } = await this.#ask(() =>
      this.#client.postJson<{ data?: { viewer: { login: string } } }>(this.#graphql, { query }),
    );
    if (data === undefined) {
      throw new ActionError("GitHub does not tell the owner of the token");
    }
    return data.viewer.login;
  }

  async #ask<T>(call: () => Promise<{ result: T | null; statusCode: number }>): Promise<T> {
    let answer: { result: T | null; statusCode: number };
    try {
      answer = await call();
    } catch (error) {
      if (!(error instanceof HttpClientError)) {
        throw new ActionError(`cannot reach GitHub: ${(error as Error).message}`);
      }
      if (error.statusCode === 401 || error.statusCode === 403) {
        throw new RefusedError(`${error.message} (${error.statusCode})`);
      }
      throw new ActionError(`GitHub answered ${error.statusCode}: ${error.message}`);
    }
    // What the token may not see does not exist for it.
    if (answer.result === null) {
      throw new RefusedError(`Not Found (${answer.statusCode})`);
    }
    return answer.result;
  }
}
