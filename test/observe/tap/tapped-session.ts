/** A session whose Envoy can be tapped, with an upstream behind it and the rules of all kinds before it. */

import {
  createWorkspace,
  rulesOf,
  type SampledRequest,
  Session,
  Tap,
  texts,
} from "../../../compiler/index.ts";
import type { ProxyOptions, Target } from "../../../compiler/options.ts";
import { ask, type ClientRequest, type ClientResponse } from "../../harness/client.ts";
import { freePort } from "../../harness/ports.ts";
import { startSteeredUpstream } from "../../harness/upstream.ts";

const ADDRESS = "127.65.0.1";

/** One rule of each kind, and the requests that take them. */
export const RULES = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop }
spec:
  hosts: [shop.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: ${ADDRESS}, ports: { http: $PORT } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: web }
spec:
  hosts: [shop.example]
  http:
  - name: moved
    match: [{ uri: { prefix: /old } }]
    redirect: { uri: /new }
  - name: said
    match: [{ uri: { exact: /said } }]
    directResponse: { status: 202, body: { string: said } }
  - name: broken
    match: [{ uri: { prefix: /broken } }]
    fault: { abort: { httpStatus: 555, percentage: { value: 100 } } }
    route: [{ destination: { host: shop.example } }]
  - name: slow
    match: [{ uri: { prefix: /slow } }]
    fault: { delay: { fixedDelay: 60ms, percentage: { value: 100 } } }
    route: [{ destination: { host: shop.example } }]
  - name: both
    match: [{ uri: { prefix: /both } }]
    fault:
      delay: { fixedDelay: 60ms, percentage: { value: 100 } }
      abort: { httpStatus: 556, percentage: { value: 100 } }
    route: [{ destination: { host: shop.example } }]
  - name: nowhere
    match: [{ uri: { prefix: /nowhere } }]
    route: [{ destination: { host: shop.example, port: { number: 81 } } }]
  - name: hasty
    match: [{ uri: { prefix: /hasty } }]
    timeout: 50ms
    route: [{ destination: { host: shop.example } }]
  - name: two
    match:
    - { uri: { prefix: /a }, name: first }
    - { headers: { x-user: { exact: jason } } }
    rewrite: { uri: /elsewhere, authority: other.example }
    route: [{ destination: { host: shop.example } }]
  - match: [{ uri: { prefix: /plain }, headers: { authorization: { prefix: Bearer } } }]
    route: [{ destination: { host: shop.example } }]
`;

export class TappedSession {
  readonly tap: Tap;
  readonly session: Session;
  readonly port: number;
  readonly sampled: SampledRequest[] = [];
  readonly #upstream: ReturnType<typeof startSteeredUpstream>;
  readonly #run: Promise<void>;

  private constructor(
    tap: Tap,
    session: Session,
    port: number,
    upstream: ReturnType<typeof startSteeredUpstream>,
    run: Promise<void>,
  ) {
    this.tap = tap;
    this.session = session;
    this.port = port;
    this.#upstream = upstream;
    this.#run = run;
  }

  static async start(target: Target, more: Partial<ProxyOptions> = {}): Promise<TappedSession> {
    const [port, upstreamPort] = [await freePort(), await freePort()];
    const upstream = startSteeredUpstream();
    await upstream.listen(ADDRESS, upstreamPort);
    const workspace = createWorkspace({
      source: texts({ "rules/shop.yaml": RULES.replace("$PORT", String(upstreamPort)) }),
      proxies: {
        run: { target, tap: true, meshPort: port, listenAddress: "127.0.0.1", concurrency: 2, ...more },
      },
    });
    const rules = rulesOf(workspace);
    const { compilation, findings } = await rules.compile();
    if (compilation === undefined) {
      throw new Error(JSON.stringify(findings));
    }
    const tap = await Tap.create();
    let serves = () => {};
    const serving = new Promise<void>((resolve) => {
      serves = resolve;
    });
    const log: string[] = [];
    const session = new Session({
      rules,
      compilation,
      methods: [tap.method],
      drainMs: 0,
      onEvent(event) {
        if (event.kind === "serving") {
          serves();
        } else if (event.kind === "log") {
          log.push(event.line);
        }
      },
    });
    tap.attach(session);
    const run = session.run();
    await Promise.race([serving, run]);
    return new TappedSession(tap, session, port, upstream, run);
  }

  ask(path: string, more: Partial<ClientRequest> = {}): Promise<ClientResponse> {
    return ask(this.port, { host: "shop.example", path, ...more });
  }

  async stop(): Promise<void> {
    await this.session.stop();
    await this.#run;
    await this.#upstream.close();
  }
}
