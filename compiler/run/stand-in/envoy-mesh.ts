/**
 * Asks checks of a real Envoy that runs the build of the rules. What is changed of it is where it listens and who stands
 * at the end of each cluster: a stand-in with a port of its own, so that the one that was asked tells the cluster.
 */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Check } from "../../answers/cases/case.ts";
import { linesByName } from "../../answers/cases/headers.ts";
import type { Observation } from "../../answers/cases/judge.ts";
import { ruleOf } from "../../answers/cases/offline.ts";
import type { Evaluation } from "../../answers/evaluate/evaluator.ts";
import { fromClient } from "../../answers/request/from-client.ts";
import { requestAt } from "../../answers/request/request-at.ts";
import type { Compilation } from "../../compile.ts";
import { isLookedUp } from "../../ir/discovery.ts";
import type { Cluster, Config, Listener } from "../../ir/ir.ts";
import type { ProxyOptions } from "../../options.ts";
import { BOOTSTRAP_FILE, filesOf, folderBuild } from "../delivery/folder/build.ts";
import { writeOutput } from "../delivery/write.ts";
import { findEnvoy } from "../envoy/find.ts";
import { type EnvoyProcess, startEnvoy } from "../envoy/start.ts";
import { askHttp2, type ClientRequest, type ClientResponse, Connection } from "./client.ts";
import { freePort } from "./free-port.ts";
import { proxyLine } from "./proxy-line.ts";
import { startUpstream, type Upstream, type UpstreamRequest } from "./upstream.ts";

const ADDRESS = "127.0.0.1";
/** By which an answer may come later than the rules delay it; Envoy's clock may also be a little behind ours. */
const SLACK_MS = 500;
const CLOCK_MS = 10;
/** An answer that is later than that is asked for again: on a busy machine it may be late for no reason of the rules, but not so often. */
const MOST_AGAIN = 5;
/** Nobody waits for a copy, so it may come after the answer. */
const COPIES_TIMEOUT_MS = 5_000;
const COPIES_QUIET_MS = 60;
/** Requests of one check at a time: those that are delayed would take for ever one by one. */
const CONNECTIONS = 20;

/** Where a listener is asked, and how. */
type Listening = Pick<Listener, "role" | "port" | "tls" | "topology" | "proxyProtocol">;

export class EnvoyMesh {
  readonly #folder: string;
  readonly #upstream: Upstream;
  readonly #envoy: EnvoyProcess;
  readonly #listening: ReadonlyMap<string, Listening>;
  /** `address:port` → cluster */
  readonly #clusters: ReadonlyMap<string, string>;

  private constructor(
    folder: string,
    upstream: Upstream,
    envoy: EnvoyProcess,
    listening: ReadonlyMap<string, Listening>,
    clusters: ReadonlyMap<string, string>,
  ) {
    this.#folder = folder;
    this.#upstream = upstream;
    this.#envoy = envoy;
    this.#listening = listening;
    this.#clusters = clusters;
  }

  /** `introduced`: listeners that are asked by clients with addresses of their own, which only the PROXY protocol can give them. */
  static async start(
    compilation: Compilation,
    proxy: ProxyOptions,
    introduced: ReadonlySet<string>,
    log: (line: string) => void,
  ): Promise<EnvoyMesh> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-cases-"));
    const upstream = startUpstream();
    const clusters = new Map<string, string>();
    try {
      const config = await EnvoyMesh.#withStandIns(compilation.config, introduced, upstream, clusters);
      upstream.name(clusters);
      const options = { ...proxy, listenAddress: ADDRESS, concurrency: 1 };
      const build = await folderBuild({ ...compilation, config }, options, folder);
      await writeOutput(folder, filesOf(build));
      const envoy = await startEnvoy({
        binary: await findEnvoy({ log }),
        configPath: path.join(folder, BOOTSTRAP_FILE),
        concurrency: 1,
        directories: [folder],
        temporaryFolders: [folder],
      });
      const listening = new Map(config.listeners.map((listener) => [listener.name, listener]));
      return new EnvoyMesh(folder, upstream, envoy, listening, clusters);
    } catch (error) {
      await upstream.close();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  static async #withStandIns(
    config: Config,
    introduced: ReadonlySet<string>,
    upstream: Upstream,
    names: Map<string, string>,
  ): Promise<Config> {
    const clusters: Cluster[] = [];
    for (const cluster of config.clusters) {
      const { kind, endpoints } = cluster.discovery;
      if (endpoints.length === 0 && !isLookedUp(kind)) {
        clusters.push(cluster);
        continue;
      }
      const port = await freePort();
      await upstream.listen(ADDRESS, port);
      names.set(`${ADDRESS}:${port}`, cluster.name);
      // A stub answers every check like a request, and would be dead for a check that expects anything else.
      const { proxyProtocol: _proxyProtocol, byLocalityWeight: _byLocality, tls: _tls, ...plain } = cluster;
      const { healthCheck: _healthCheck, ...rest } = plain;
      clusters.push({
        ...rest,
        discovery: { kind: "eds", endpoints: [{ address: ADDRESS, port, weight: 1 }] },
      });
    }
    const listeners = [];
    for (const listener of config.listeners) {
      listeners.push({
        ...listener,
        address: ADDRESS,
        port: await freePort(),
        ...(introduced.has(listener.name) && { proxyProtocol: true as const }),
      });
    }
    return { ...config, clusters, listeners };
  }

  /**
   * `offline` says which rule takes the request, which Envoy itself does not tell. `mayAskAgain`: that changes nothing of what later
   * checks find.
   */
  async ask(check: Check, offline: Evaluation, mayAskAgain: boolean): Promise<Observation[]> {
    const listening = this.#listening.get(check.at)!;
    const seenBefore = this.#upstream.requests.length;
    const responses = await this.#responses(listening, check);
    const requests = () => this.#upstream.requests.slice(seenBefore);
    const answers = responses.map((response) => ({ response, request: this.#answered(response) }));
    const { copies } = check.expect;
    if (copies !== undefined || check.shares?.copies !== undefined) {
      await this.#stillness(() => requests().length, answers.length + (copies?.length ?? 0) * check.times);
    }
    const left = requests();
    for (const answer of answers) {
      // A HEAD is answered without a body; the first that was asked then is who answered.
      if (check.asked.method === "HEAD" && answer.response.status === 200) {
        answer.request ??= left[0];
      }
      const index = left.findIndex((one) => isSame(one, answer.request));
      if (index >= 0) {
        left.splice(index, 1);
      }
    }
    const rule = ruleOf(offline);
    if (mayAskAgain) {
      for (const answer of answers) {
        answer.response = await this.#soonest(listening, check, answer.response);
      }
    }
    return answers.map(({ response, request }, index) => ({
      status: response.status,
      cluster: request === undefined ? "none" : this.#clusterOf(request),
      ...rule,
      ...(request && { upstream: request }),
      responseHeaders: response.headers,
      body: request === undefined ? response.body : "",
      delay: {
        leastMs: Math.max(0, response.elapsedMs - SLACK_MS),
        mostMs: response.elapsedMs + CLOCK_MS,
      },
      copies: copiesOf(left, index, answers.length).map((copy) => ({
        ...copy,
        cluster: this.#clusterOf(copy),
      })),
    }));
  }

  async close(): Promise<void> {
    await this.#envoy.stop();
    await this.#upstream.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #clusterOf({ endpoint }: UpstreamRequest): string {
    return this.#clusters.get(endpoint) ?? endpoint;
  }

  #answered({ body }: ClientResponse): UpstreamRequest | undefined {
    if (!body.startsWith('{"method":')) {
      return undefined;
    }
    const request = JSON.parse(body) as UpstreamRequest;
    return this.#clusters.has(request.endpoint) ? request : undefined;
  }

  async #responses(
    listening: Listening,
    { asked: wanted, times, expect, shares }: Check,
  ): Promise<ClientResponse[]> {
    const { port, proxyProtocol } = listening;
    const { headers, connection: from } = fromClient(wanted, listening);
    const asked = { ...requestAt(wanted, listening), headers };
    const way = proxyProtocol ? { preface: proxyLine(from) } : {};
    const request: ClientRequest = {
      method: asked.method,
      host: asked.authority,
      path: asked.path,
      ...(asked.saysScheme !== undefined && { scheme: asked.saysScheme }),
      headers: linesByName(asked.headers),
      ...(asked.body !== undefined && { body: asked.body }),
    };
    if (asked.protocol === "HTTP/2") {
      const responses: ClientResponse[] = [];
      for (let i = 0; i < times; i++) {
        responses.push(await askHttp2(port, request, asked.secure, way));
      }
      return responses;
    }
    const oneByOne = asked.method === "HEAD" || expect.copies !== undefined || shares?.copies !== undefined;
    const connections = Math.min(times, oneByOne ? 1 : CONNECTIONS);
    let left = times;
    const worker = async (): Promise<ClientResponse[]> => {
      const responses: ClientResponse[] = [];
      let connection: Connection | undefined;
      try {
        while (left-- > 0) {
          connection ??= asked.secure
            ? await Connection.openTls(port, asked.authority, ADDRESS, way)
            : await Connection.open(port, ADDRESS, way);
          const response = await connection.request(request);
          responses.push(response);
          if (response.headers.connection?.includes("close")) {
            connection.close();
            connection = undefined;
          }
        }
      } finally {
        connection?.close();
      }
      return responses;
    };
    return (await Promise.all(Array.from({ length: connections }, worker))).flat();
  }

  /** The same answer, with the time of a quicker one where it was late. */
  async #soonest(listening: Listening, check: Check, response: ClientResponse): Promise<ClientResponse> {
    let { elapsedMs } = response;
    const { delayMs = Number.POSITIVE_INFINITY } = check.expect;
    for (let i = 0; i < MOST_AGAIN && elapsedMs - SLACK_MS > delayMs; i++) {
      const [again] = await this.#responses(listening, { ...check, times: 1 });
      elapsedMs = Math.min(elapsedMs, again!.elapsedMs);
    }
    return { ...response, elapsedMs };
  }

  /** Waits for as many requests, then for one too many. */
  async #stillness(count: () => number, expected: number): Promise<void> {
    const deadline = Date.now() + COPIES_TIMEOUT_MS;
    while (count() < expected && Date.now() < deadline) {
      await sleep(10);
    }
    await sleep(COPIES_QUIET_MS);
  }
}

/** Which copy is whose cannot be told; asked one by one, they come in that order, as many for each. */
function copiesOf(
  all: readonly UpstreamRequest[],
  index: number,
  answers: number,
): readonly UpstreamRequest[] {
  const each = all.length / answers;
  return Number.isInteger(each) ? all.slice(index * each, (index + 1) * each) : index === 0 ? all : [];
}

function isSame(a: UpstreamRequest, b: UpstreamRequest | undefined): boolean {
  return b !== undefined && a.endpoint === b.endpoint && JSON.stringify(a) === JSON.stringify(b);
}
