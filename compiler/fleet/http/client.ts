/**
 * Asks the HTTP interface of a server, with the types of what it answers: what `sluice fleet` is written on, and any program that
 * watches a fleet or changes it.
 */

import http from "node:http";
import https from "node:https";
import type { LiveReport } from "../../observe/live-report.ts";
import { EnvironmentError } from "../../platform/error.ts";
import type { ProxyExplanation } from "../model/fleet-control.ts";
import type { FleetStatus, ProxyReport, RevisionReport, RolloutReport } from "../model/report.ts";
import type { WaitReport } from "./reached.ts";

export interface FleetClientOptions {
  /** `http://127.0.0.1:15014`, `https://…`, or `unix:/path`. */
  readonly server: string;
  /** Needed to change anything, and to read from another machine. */
  readonly token?: string;
  /** PEM: the authorities that the server's certificate must be of. Default: those of Node. */
  readonly authorities?: string;
}

/** The server has answered, but not with what was asked for. */
export class FleetRequestError extends Error {
  /** Of HTTP. */
  readonly status: number;
  /** `not_found`, `conflict`, `unauthenticated`, …: see the description of the API. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "FleetRequestError";
    this.status = status;
    this.code = code;
  }
}

/** What one question may take, beside what it waits for. */
const PATIENCE_MS = 30_000;
/** Seconds that the server is asked to wait at a time. */
const WAIT_S = 20;
/** Bytes of an answer. */
const LARGEST_ANSWER = 256 << 20;

/** Every method throws an `EnvironmentError` when the server cannot be reached, and a `FleetRequestError` when it refuses. */
export class FleetClient {
  readonly #options: FleetClientOptions;

  constructor(options: FleetClientOptions) {
    this.#options = options;
  }

  status(): Promise<FleetStatus> {
    return this.#get("/v1/status");
  }

  async proxies(): Promise<readonly ProxyReport[]> {
    return (await this.#get<{ proxies: readonly ProxyReport[] }>("/v1/proxies")).proxies;
  }

  /** The newest first. */
  async rollouts(): Promise<readonly RolloutReport[]> {
    return (await this.#get<{ rollouts: readonly RolloutReport[] }>("/v1/rollouts")).rollouts;
  }

  /** The newest first. */
  async revisions(): Promise<readonly RevisionReport[]> {
    return (await this.#get<{ revisions: readonly RevisionReport[] }>("/v1/revisions")).revisions;
  }

  /**
   * What rules do at all proxies that report to the server, or at those of a scope. Rates are of the time since somebody asked for the
   * same within the last half minute.
   */
  live(scope?: string): Promise<LiveReport> {
    return this.#get(`/v1/live${scope === undefined ? "" : `?${new URLSearchParams({ scope })}`}`);
  }

  /** `request` is `GET http://host/path`, each header `name: value`, `at` the listener that is asked. */
  explain(
    proxy: string,
    request: string,
    { headers = [], at }: { readonly headers?: readonly string[]; readonly at?: string } = {},
  ): Promise<ProxyExplanation> {
    const query = new URLSearchParams({ proxy, request, ...(at !== undefined && { at }) });
    for (const header of headers) {
      query.append("header", header);
    }
    return this.#get(`/v1/explain?${query}`);
  }

  /**
   * Waits until a revision (its id, or how it begins) is where it should be, or will not be; `pending` when neither happens
   * within that time. A server that is away meanwhile is asked again: it may be the one that restarts.
   */
  async wait(revision: string, timeoutMs: number): Promise<WaitReport> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const left = Math.max(0, until - Date.now()) / 1000;
      const timeout = Math.min(left, WAIT_S);
      const query = new URLSearchParams({ revision, timeout: timeout.toFixed(3) });
      let report: WaitReport | undefined;
      try {
        report = await this.#get<WaitReport>(`/v1/wait?${query}`, timeout * 1000 + PATIENCE_MS);
      } catch (error) {
        if (!(error instanceof EnvironmentError) || Date.now() + AGAIN_MS >= until) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        continue;
      }
      if (report.outcome !== "pending" || Date.now() >= until) {
        return report;
      }
    }
  }

  async promote(): Promise<void> {
    await this.#ask("POST", "/v1/rollouts/current/promote");
  }

  /** `why` is for the report. */
  async abort(why?: string): Promise<void> {
    await this.#ask("POST", "/v1/rollouts/current/abort", why === undefined ? {} : { why });
  }

  /** `revision` is an id, or how one begins. */
  async rollback(revision: string): Promise<void> {
    await this.#ask("POST", "/v1/rollback", { revision });
  }

  #get<T>(path: string, patienceMs = PATIENCE_MS): Promise<T> {
    return this.#ask("GET", path, undefined, patienceMs) as Promise<T>;
  }

  async #ask(method: string, path: string, body?: object, patienceMs = PATIENCE_MS): Promise<unknown> {
    const { status, text } = await this.#exchange(method, path, body, patienceMs);
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch {
      throw new EnvironmentError(
        `what answers at ${this.#options.server} is not a server of sluice serve (HTTP ${status}, and no JSON)`,
      );
    }
    if (status >= 400) {
      const { error } = answer as { readonly error?: { readonly code?: string; readonly message?: string } };
      throw new FleetRequestError(status, error?.code ?? "unknown", error?.message ?? `HTTP ${status}`);
    }
    return answer;
  }

  #exchange(
    method: string,
    path: string,
    body: object | undefined,
    patienceMs: number,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { server, token, authorities } = this.#options;
    const content = body && JSON.stringify(body);
    const where = server.startsWith("unix:")
      ? { socketPath: server.slice("unix:".length), path }
      : placeOf(server, path);
    const options: https.RequestOptions = {
      ...where,
      method,
      agent: false,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(content !== undefined && {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(content),
        }),
      },
      ...(authorities !== undefined && { ca: authorities }),
      signal: AbortSignal.timeout(patienceMs),
    };
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(new EnvironmentError(`cannot ask ${server}: ${reasonOf(error)}`));
      const request = (server.startsWith("https:") ? https : http).request(options, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > LARGEST_ANSWER) {
            response.destroy(new Error(`the answer is larger than ${LARGEST_ANSWER} bytes`));
            return;
          }
          chunks.push(chunk);
        });
        response.on("error", fail);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      });
      request.on("error", fail);
      request.end(content);
    });
  }
}

/** Before a server that is away is asked again. */
const AGAIN_MS = 500;

/** A path below that of the server's URL: it may stand behind another. */
function placeOf(server: string, path: string): https.RequestOptions {
  const url = new URL(server);
  const { protocol, hostname, port, pathname } = url;
  return {
    protocol,
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port,
    path: `${pathname.replace(/\/$/, "")}${path}`,
  };
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ECONNREFUSED":
    case "ENOENT":
      return "no server listens there";
    case "ECONNRESET":
      return "the server ended the connection";
    default:
      return error.name === "AbortError" || error.name === "TimeoutError"
        ? "the server does not answer"
        : error.message;
  }
}
