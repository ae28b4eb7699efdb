/**
 * Rules of twenty HTTPS servers on one port, each with its own certificate, that differ from one generation to the next in every
 * way in which rules can: and what an answer must look like that one generation has decided.
 */

import type { Authority, Pair } from "../harness/authority.ts";
import { tlsSecret } from "../harness/authority.ts";

export const SERVERS = 20;
/** The ports that the Gateway's documents say. */
export const PORTS = { https: 443, plain: 8080, extra: 9090 } as const;

export const hostOf = (server: number): string => `host-${server}.example`;

export interface ChangingRulesOptions {
  readonly authority: Authority;
  /** Of 127.0.0.1: each answers with the path that it was asked for. */
  readonly upstreams: readonly number[];
  /** What a request is given at least. */
  readonly timeoutSeconds: number;
}

export class ChangingRules {
  readonly #options: ChangingRulesOptions;
  readonly #pairs: Pair[] = [];

  private constructor(options: ChangingRulesOptions) {
    this.#options = options;
  }

  static async create(options: ChangingRulesOptions): Promise<ChangingRules> {
    const rules = new ChangingRules(options);
    for (let i = 0; i < SERVERS; i++) {
      rules.#pairs.push(await options.authority.issue({ names: [hostOf(i)] }));
    }
    return rules;
  }

  /** The documents of one generation. Every seventh brings a new certificate. */
  async documents(generation: number): Promise<string> {
    if (generation % 7 === 6) {
      const server = generation % SERVERS;
      this.#pairs[server] = await this.#options.authority.issue({ names: [hostOf(server)] });
    }
    return [
      ...this.#pairs.map((pair, i) => tlsSecret(`secret-${i}`, pair)),
      ...[this.#gateway(generation), this.#service(generation), destinationRule(generation)].map((document) =>
        JSON.stringify(document),
      ),
      ...this.#pairs.map((_, i) => JSON.stringify(this.#virtualService(generation, i))),
    ].join("\n---\n");
  }

  #gateway(generation: number): object {
    const plain = (number: number) => ({
      port: { number, name: `http-${number}`, protocol: "HTTP" },
      hosts: ["*"],
    });
    return {
      apiVersion: "networking.istio.io/v1",
      kind: "Gateway",
      metadata: { name: "edge", namespace: "default" },
      spec: {
        selector: { istio: "ingressgateway" },
        servers: [
          plain(PORTS.plain),
          // A port that comes and goes.
          ...(generation % 6 >= 3 ? [plain(PORTS.extra)] : []),
          ...this.#pairs.map((_, i) => ({
            port: { number: PORTS.https, name: `https-${i}`, protocol: "HTTPS" },
            hosts: [hostOf(i)],
            tls: { mode: "SIMPLE", credentialName: `secret-${i}` },
          })),
        ],
      },
    };
  }

  /** Its endpoints are those of one subset each generation; some are there twice. */
  #service(generation: number): object {
    const { upstreams } = this.#options;
    return {
      apiVersion: "networking.istio.io/v1",
      kind: "ServiceEntry",
      metadata: { name: "web", namespace: "default" },
      spec: {
        hosts: ["web.example"],
        ports: [{ number: 80, name: "http", protocol: "HTTP" }],
        resolution: "STATIC",
        endpoints: upstreams.slice(0, generation % 5 === 4 ? 1 : upstreams.length).map((port) => ({
          address: "127.0.0.1",
          ports: { http: port },
          labels: { version: subset(generation) },
        })),
      },
    };
  }

  #virtualService(generation: number, server: number): object {
    const { timeoutSeconds } = this.#options;
    const to = { host: "web.example", subset: subset(generation) };
    return {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: `rule-${server}`, namespace: "default" },
      spec: {
        hosts: [hostOf(server), ...(generation % 4 === 3 ? [`also-${server}.example`] : [])],
        gateways: ["edge"],
        http: [
          {
            ...(generation % 2 === 1 && { corsPolicy: { allowOrigins: [{ exact: "https://app.example" }] } }),
            ...(generation % 4 === 2 && {
              fault: { delay: { fixedDelay: "30ms", percentage: { value: 20 } } },
            }),
            ...(generation % 5 === 1 && { mirror: to, mirrorPercentage: { value: 5 } }),
            timeout: `${timeoutSeconds + (generation % 3)}s`,
            retries: {
              attempts: generation % 3,
              ...(generation % 3 > 0 && { perTryTimeout: `${Math.ceil(timeoutSeconds / 3)}s` }),
            },
            rewrite: { uri: `/rewritten-${generation}` },
            headers: { response: { set: { "x-generation": String(generation) } } },
            route:
              generation % 3 === 0
                ? [
                    { destination: to, weight: 50 },
                    { destination: { host: "web.example" }, weight: 50 },
                  ]
                : [{ destination: to }],
          },
        ],
      },
    };
  }
}

const subset = (generation: number) => `v${generation}`;

function destinationRule(generation: number): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "web", namespace: "default" },
    spec: {
      host: "web.example",
      trafficPolicy: {
        connectionPool: { http: { maxRequestsPerConnection: (generation % 3) * 50 } },
        ...(generation % 4 === 1 && { loadBalancer: { simple: "RANDOM" } }),
      },
      subsets: [{ name: subset(generation), labels: { version: subset(generation) } }],
    },
  };
}

export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

/** The generation that decided an answer wholly; why it is none of any. */
export function generationOf({ status, headers, body }: Seen): number | string {
  if (status !== 200) {
    return `status ${status}: ${body}`;
  }
  const generation = Number(headers["x-generation"]?.[0]);
  const hasCors = headers["access-control-allow-origin"] !== undefined;
  const isWhole = body === `/rewritten-${generation}` && hasCors === (generation % 2 === 1);
  return isWhole ? generation : `mixed: generation ${generation}, path ${body}, CORS ${hasCors}`;
}
