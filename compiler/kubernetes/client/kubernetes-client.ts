/**
 * Asks the API server of one cluster. It knows of JSON, of errors and of time, and nothing of the kinds that are read or written.
 *
 * There are clients; the official one takes 54 MB and mangles custom resources, and the small ones stand on it.
 */

import type { IncomingMessage } from "node:http";
import { EnvironmentError } from "../../platform/error.ts";
import { readStreamAtMost, TooLargeError } from "../../source/bounded.ts";
import type { ClusterAccess } from "../credentials/cluster-access.ts";
import { hasServiceAccount, inClusterAccess } from "../credentials/in-cluster.ts";
import { type KubeconfigOptions, kubeconfigAccess } from "../kubeconfig/kubeconfig.ts";
import { AnswerTooLargeError } from "./answer-too-large.ts";
import { ApiError, apiErrorOf } from "./api-error.ts";
import { noAnswer } from "./no-answer.ts";
import { TimeLimit } from "./time-limit.ts";
import { Transport } from "./transport.ts";

/** A question to the API server. */
export interface ApiCall {
  /** Default: GET. */
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/api/v1/namespaces/x/services`: see `pathOf`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default: `application/json`; a patch names its kind, such as `application/apply-patch+yaml`. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** For the whole answer of `request`, for the beginning of a `stream`. Default: 30 s. */
  readonly timeoutMs?: number;
}

const PATIENCE_MS = 30_000;
/** Bytes of an answer: a page of a list. An object has at most some 1.5 MB, as much as etcd takes. */
const LARGEST_ANSWER = 32 << 20;
/** Bytes of an answer that is an error. */
const LARGEST_ERROR = 1 << 20;

/**
 * Every method throws an `ApiError` when the server refuses, an `EnvironmentError` when no answer comes that can be used, and the
 * reason of its signal when that aborts it.
 */
export class KubernetesClient {
  readonly server: string;
  /** Of the context, or of the pod. */
  readonly defaultNamespace: string;
  readonly #access: ClusterAccess;
  readonly #transport: Transport;

  constructor(access: ClusterAccess) {
    this.#access = access;
    this.#transport = new Transport(access);
    this.server = access.server.href.replace(/\/$/, "");
    this.defaultNamespace = access.defaultNamespace;
  }

  /** As `kubectl` finds its cluster: the file, or `$KUBECONFIG`, or `~/.kube/config`; the context, or the current one. */
  static fromKubeconfig(options: KubeconfigOptions = {}): KubernetesClient {
    return new KubernetesClient(kubeconfigAccess(options));
  }

  /** As the account of the pod that this process runs in. */
  static inCluster(): KubernetesClient {
    return new KubernetesClient(inClusterAccess());
  }

  /** The kubeconfig that is named; else the pod's account where there is one; else the kubeconfig that `kubectl` uses. */
  static open({ kubeconfig, context }: { kubeconfig?: string; context?: string } = {}): KubernetesClient {
    const isNamed = kubeconfig !== undefined || context !== undefined || process.env.KUBECONFIG;
    if (!isNamed && hasServiceAccount()) {
      return KubernetesClient.inCluster();
    }
    return KubernetesClient.fromKubeconfig({
      ...(kubeconfig !== undefined && { file: kubeconfig }),
      ...(context !== undefined && { context }),
    });
  }

  /** The answer, which is JSON. */
  async request<T>(call: ApiCall): Promise<T> {
    await this.#transport.prepare(call.signal);
    const limit = limitOf(call);
    try {
      const answer = await this.#answer(call, limit.signal);
      const body = await textOf(answer, LARGEST_ANSWER);
      return this.#parsed<T>(call, body);
    } catch (error) {
      throw this.#explained(error, call, limit);
    } finally {
      limit.end();
    }
  }

  /** The bytes of an answer that goes on: of a watch, until the server ends it. `onOpen` is called once it has begun. */
  async *stream(call: ApiCall, onOpen: () => void = () => {}): AsyncGenerator<Buffer, void, undefined> {
    await this.#transport.prepare(call.signal);
    const limit = limitOf(call);
    try {
      const answer = await this.#answer(call, limit.signal);
      limit.lift();
      onOpen();
      for await (const chunk of answer) {
        yield chunk as Buffer;
      }
    } catch (error) {
      throw this.#explained(error, call, limit);
    } finally {
      limit.end();
    }
  }

  /** Ends the connections that nothing uses, and those of watches. */
  async close(): Promise<void> {
    this.#transport.close();
  }

  /** An answer that is a success. */
  async #answer(call: ApiCall, signal: AbortSignal): Promise<IncomingMessage> {
    const answer = await this.#send(call, signal);
    const status = answer.statusCode ?? 0;
    if (status < 200 || status > 299) {
      const refusal = apiErrorOf(status, await textOf(answer, LARGEST_ERROR), answer.headers["retry-after"]);
      if (status === 401) {
        refusal.message = `the API server ${this.server} does not accept the credentials (${this.#access.origin}): ${refusal.message}; are they of another cluster, or expired?`;
      }
      throw refusal;
    }
    return answer;
  }

  #send(call: ApiCall, signal: AbortSignal): Promise<IncomingMessage> {
    const query = new URLSearchParams(call.query).toString();
    return this.#transport.send({
      method: call.method ?? "GET",
      path: query === "" ? call.path : `${call.path}?${query}`,
      headers: {
        Accept: "application/json",
        "User-Agent": "sluice",
        ...(call.body !== undefined && { "Content-Type": call.contentType ?? "application/json" }),
      },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      signal,
    });
  }

  #parsed<T>(call: ApiCall, body: string): T {
    try {
      return JSON.parse(body) as T;
    } catch {
      const what = /^\s*</.test(body) ? "a web page" : "something that is not JSON";
      throw new EnvironmentError(
        `${this.server} answers GET ${call.path} with ${what}; is \`server\` of ${this.#access.origin} right, or is a proxy in between?`,
      );
    }
  }

  #explained(error: unknown, call: ApiCall, limit: TimeLimit): unknown {
    if (error instanceof TooLargeError) {
      return new AnswerTooLargeError(call.path, error.most);
    }
    if (call.signal?.aborted) {
      return call.signal.reason;
    }
    if (limit.isOver) {
      return noAnswer(limit.signal.reason, this.#access);
    }
    return error instanceof ApiError ? error : noAnswer(error, this.#access);
  }
}

function limitOf({ timeoutMs = PATIENCE_MS, signal }: ApiCall): TimeLimit {
  return new TimeLimit(timeoutMs, signal, () => Object.assign(new Error("timed out"), { code: "ETIMEDOUT" }));
}

async function textOf(answer: IncomingMessage, most: number): Promise<string> {
  return Buffer.from(await readStreamAtMost(answer, most)).toString();
}
