/**
 * A mesh for tests: one Envoy that takes one set of rules after another by reloading, and one process of stub
 * upstreams at the endpoints of those rules. Goes the way of a user's rules, from YAML to the running Envoy, and
 * changes one thing only: addresses 127.20.0.N in the input become addresses that no other test has.
 */

import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { inconsistenciesOf } from "../../compiler/back/xds/consistency.ts";
import type { ResourceSet } from "../../compiler/back/xds/resource-set.ts";
import type { Compilation } from "../../compiler/compile.ts";
import { compile, files as filesAt, type JsonDiagnostic } from "../../compiler/index.ts";
import type { Cluster } from "../../compiler/ir/ir.ts";
import { socketsOf } from "../../compiler/ir/sockets.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions, type Target } from "../../compiler/options.ts";
import { makeSocketFolder } from "../../compiler/platform/socket-folder.ts";
import { type AdsEnvoy, startAdsEnvoy } from "../../compiler/run/delivery/ads/ads-envoy.ts";
import type { AdsBuild, AdsBuilder } from "../../compiler/run/delivery/ads/build.ts";
import type { ChangeResult } from "../../compiler/run/delivery/live-configuration.ts";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";
import type { EnvoyProcess } from "../../compiler/run/envoy/start.ts";
import { freeNetwork, freePort } from "./ports.ts";
import { type SteeredUpstream, startSteeredUpstream } from "./upstream.ts";

/** In rules: addresses that become the mesh's own, and a port of 127.0.0.1 that nothing else has. */
const ADDRESSES = "127.20.0.";
const FREE_PORT = "$FREE_PORT";

export interface MeshOptions {
  readonly target: Target;
  /** Threads of Envoy that serve requests, 1 unless said: each has its own machine of the filter. */
  readonly concurrency?: number;
  /** Level of Envoy's log, `warning` unless said. */
  readonly logLevel?: "debug" | "info" | "warning";
  readonly componentLogLevel?: string;
  /** Makes what Envoy gets, if not the builder does alone. */
  readonly emit?: Emit;
}

export type Emit = (
  builder: AdsBuilder,
  compilation: Compilation,
  options: ProxyOptions,
) => Promise<AdsBuild>;

export interface ApplyOptions {
  /** What differs from the defaults of the command line. */
  readonly proxy?: Partial<Omit<ProxyOptions, "portMap">>;
  /** Names that no DNS server knows: the clusters of such names get a stub of their own. */
  readonly answerDnsNames?: boolean;
}

export interface Applied {
  readonly diagnostics: readonly JsonDiagnostic[];
  /** Absent when the rules had errors; the rules before go on. */
  readonly compilation: Compilation | undefined;
  /** The port to ask, by the listener's name. */
  readonly ports: ReadonlyMap<string, number>;
}

export class Mesh {
  readonly upstream: SteeredUpstream = startSteeredUpstream();
  readonly #options: MeshOptions;
  readonly #folder: string;
  /** The first three parts of the addresses of this mesh's endpoints. */
  readonly #network: string;
  /** One for gateways and one for a sidecar's listeners: an address belongs to one listener while it drains. */
  readonly #portMaps = { gateway: new Map<number, number>(), sidecar: new Map<number, number>() };
  #meshPort = 0;
  #freePort = 0;
  #envoy: AdsEnvoy | undefined;
  /** What was given last. */
  #build: AdsBuild | undefined;
  /** Endpoint `address:port` → clusters that have it. */
  #clusters = new Map<string, string[]>();

  private constructor(folder: string, network: string, options: MeshOptions) {
    this.#folder = folder;
    this.#network = network;
    this.#options = options;
  }

  static async create(options: MeshOptions): Promise<Mesh> {
    const mesh = new Mesh(await makeSocketFolder("sluice-test-"), await freeNetwork(), options);
    await mkdir(path.join(mesh.#folder, "rules"));
    mesh.#meshPort = await freePort();
    mesh.#freePort = await freePort();
    return mesh;
  }

  get envoy(): EnvoyProcess {
    if (this.#envoy === undefined) {
      throw new Error("no rules were applied yet");
    }
    return this.#envoy.process;
  }

  /** Makes these documents the rules; throws when Envoy does not take them. */
  async apply(documents: readonly string[], options: ApplyOptions = {}): Promise<Applied> {
    const portMap = options.proxy?.meshListeners === true ? this.#portMaps.sidecar : this.#portMaps.gateway;
    const proxy = { ...this.#proxyOptions(), ...options.proxy, portMap };
    const paths = await this.#write(documents);
    let { compilation, diagnostics } = await compileWith(paths, proxy);
    if (compilation !== undefined && (await this.#mapPorts(compilation, portMap))) {
      ({ compilation, diagnostics } = await compileWith(paths, proxy));
    }
    if (compilation === undefined) {
      return { diagnostics, compilation: undefined, ports: new Map() };
    }
    if (options.answerDnsNames === true) {
      compilation = { ...compilation, config: this.#withStubsForNames(compilation.config) };
    }
    await this.#serveEndpoints(compilation.config.clusters);
    this.upstream.reset();
    const before = new Set(this.#envoy?.process.log);
    await this.#give(compilation, proxy);
    this.#refuseComplaints(before);
    const { listeners, tcpChains = [] } = compilation.config;
    const sockets = tcpChains.map(({ name, listener = name, port }) => ({ name: listener, port }));
    const ports = new Map([...listeners, ...sockets].map(({ name, port }) => [name, port]));
    return { diagnostics, compilation, ports };
  }

  /** Gives Envoy resources that no compiler would make; tells what Envoy said. */
  async tamper(change: (resources: ResourceSet) => ResourceSet): Promise<ChangeResult> {
    const build = this.#build!;
    return this.#envoy!.live.changeTo({ ...build, resources: change(build.resources) });
  }

  /** A text of a case with the addresses of this mesh. */
  own(text: string): string {
    return text.replaceAll(ADDRESSES, this.#network).replaceAll(FREE_PORT, String(this.#freePort));
  }

  /** The clusters that have an endpoint. */
  clustersOf(endpoint: string): readonly string[] {
    return this.#clusters.get(endpoint) ?? [];
  }

  async close(): Promise<void> {
    await this.#envoy?.stop();
    await this.upstream.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #proxyOptions(): ProxyOptions {
    return {
      ...DEFAULT_PROXY_OPTIONS,
      target: this.#options.target,
      listenAddress: "127.0.0.1",
      meshPort: this.#meshPort,
      concurrency: this.#options.concurrency ?? 1,
    };
  }

  async #write(documents: readonly string[]): Promise<string[]> {
    // A case that has no rules of its own has nothing for a file.
    const written = documents.filter((text) => text.trim() !== "");
    return Promise.all(
      written.map(async (text, i) => {
        const file = path.join(this.#folder, "rules", `${i}.yaml`);
        await writeFile(file, this.own(text));
        return file;
      }),
    );
  }

  /** Gives every listener a free port; true when one was added. */
  async #mapPorts({ config }: Compilation, portMap: Map<number, number>): Promise<boolean> {
    const known = new Set([...portMap.values(), this.#meshPort]);
    // A Unix socket has no port.
    const missing = socketsOf(config).filter(({ port }) => port !== 0 && !known.has(port));
    for (const { port } of missing) {
      portMap.set(port, await freePort());
    }
    return missing.length > 0;
  }

  #withStubsForNames(config: Compilation["config"]): Compilation["config"] {
    let last = 199;
    // Stubs speak plain text, as those did that the cases were recorded with.
    const clusters = config.clusters.map(({ tls: _tls, ...cluster }): Cluster => {
      if (cluster.discovery.kind === "eds") {
        return cluster;
      }
      last += 1;
      const endpoint = { address: `${this.#network}${last}`, port: 18080, weight: 1 };
      return { ...cluster, discovery: { kind: "eds", endpoints: [endpoint] } };
    });
    return { ...config, clusters };
  }

  async #serveEndpoints(clusters: readonly Cluster[]): Promise<void> {
    this.#clusters = new Map();
    for (const { name, discovery } of clusters) {
      for (const { address, port } of discovery.endpoints) {
        const numeric = address === "localhost" ? "127.0.0.1" : address;
        if (numeric.startsWith(this.#network) || (numeric === "127.0.0.1" && port === this.#freePort)) {
          const endpoint = `${numeric}:${port}`;
          this.#clusters.set(endpoint, [...(this.#clusters.get(endpoint) ?? []), name]);
        }
      }
    }
    // Also where no cluster leads: a request may name it itself.
    await this.upstream.listen("127.0.0.1", this.#freePort);
    await Promise.all(
      [...this.#clusters.keys()].map((endpoint) => {
        const colon = endpoint.lastIndexOf(":");
        return this.upstream.listen(endpoint.slice(0, colon), Number(endpoint.slice(colon + 1)));
      }),
    );
    this.upstream.name(new Map([...this.#clusters].map(([endpoint, names]) => [endpoint, names[0]!])));
  }

  /** What we write is nothing that Envoy warns of, deprecated fields among it; an issuer that does not answer is not ours. */
  #refuseComplaints(before: ReadonlySet<string>): void {
    const complaints = this.envoy.log.filter(
      (line) =>
        !before.has(line) &&
        /\]\[(warning|error|critical)\]/.test(line) &&
        !line.includes("Jwks async fetching"),
    );
    if (complaints.length > 0) {
      throw new Error(["Envoy complains of its configuration:", ...complaints].join("\n"));
    }
  }

  async #give(compilation: Compilation, proxy: ProxyOptions): Promise<void> {
    const make = async (builder: AdsBuilder): Promise<AdsBuild> => {
      const { emit } = this.#options;
      const build = await (emit?.(builder, compilation, proxy) ?? builder.build(compilation, proxy));
      const wrong = inconsistenciesOf(build.resources);
      if (wrong.length > 0) {
        throw new Error(`resources contradict one another: ${JSON.stringify(wrong)}`);
      }
      this.#build = build;
      return build;
    };
    if (this.#envoy === undefined) {
      this.#envoy = await startAdsEnvoy({
        folder: this.#folder,
        build: make,
        // The next rules find nothing of these.
        times: { rules: () => 0, connections: 0 },
        binary: await findEnvoy({ log: () => {} }),
        concurrency: this.#options.concurrency ?? 1,
        temporaryFolders: [this.#folder],
        ...(this.#options.logLevel && { logLevel: this.#options.logLevel }),
        ...(this.#options.componentLogLevel && { componentLogLevel: this.#options.componentLogLevel }),
      });
      return;
    }
    const result = await this.#envoy.live.changeTo(await make(this.#envoy.builder));
    if (result.kind === "rejected" || result.kind === "unknown") {
      throw new Error(["Envoy did not take the rules", ...result.words].join("\n"));
    }
    if (result.kind === "restartNeeded") {
      throw new Error("the bootstrap changed; a mesh keeps the options it started with");
    }
  }
}

async function compileWith(paths: readonly string[], proxy: ProxyOptions) {
  const { compilation, findings } = await compile({ source: filesAt(paths), proxy });
  return { compilation, diagnostics: findings.diagnostics };
}
