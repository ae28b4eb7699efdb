/**
 * The whole: rules in a Kubernetes API server, a `sluice serve --kubernetes` that reads them with an account of its own, and an
 * Envoy that has joined it as a gateway.
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { EnvoyProcess } from "../../../compiler/run/envoy/start.ts";
import { joinEnvoy } from "../../fleet/joined-envoy.ts";
import { freePort } from "../../harness/ports.ts";
import { SluiceRun } from "../../harness/sluice.ts";
import { createAccount, type PolicyRule, READ_RULES } from "./account.ts";
import type { ApiClient } from "./api-client.ts";
import { kubeconfig } from "./kubeconfig.ts";

/** The port of the Gateway that rules of these tests are bound to. */
const GATEWAY_PORT = 8080;

export interface ServedMeshOptions {
  readonly admin: ApiClient;
  readonly namespace: string;
  /** What its account may do; what reading rules needs, unless said. */
  readonly rules?: readonly PolicyRule[];
  readonly flags?: readonly string[];
}

export class ServedMesh {
  readonly run: SluiceRun;
  readonly folder: string;
  /** Where the Envoy listens on 127.0.0.1, once it has joined. */
  readonly port: number;
  readonly #server: string;
  #envoy: EnvoyProcess | undefined;

  private constructor(run: SluiceRun, folder: string, port: number, server: string) {
    this.run = run;
    this.folder = folder;
    this.port = port;
    this.#server = server;
  }

  /** Resolves when proxies can join. */
  static async serve({ admin, namespace, rules, flags = [] }: ServedMeshOptions): Promise<ServedMesh> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-kubernetes-"));
    const account = await createAccount(admin, namespace, "sluice", rules ?? READ_RULES);
    await writeFile(path.join(folder, "kubeconfig"), kubeconfig(account, namespace), { mode: 0o600 });
    const server = `127.0.0.1:${await freePort()}`;
    const source = ["--kubernetes", "--kubeconfig", "kubeconfig", "--namespaces", namespace];
    const places = ["--listen", server, "--http", "127.0.0.1:0"];
    const run = new SluiceRun([...source, ...places, "--now", ...flags], folder, "serve");
    await run.event("listening");
    return new ServedMesh(run, folder, await freePort(), server);
  }

  /** Resolves when an Envoy serves what the rules say. */
  async join(): Promise<void> {
    this.#envoy = await joinEnvoy(this.folder, {
      server: this.#server,
      id: "gateway",
      labels: { istio: "ingressgateway" },
      listenAddress: "127.0.0.1",
      meshPort: 0,
      portMap: new Map([[GATEWAY_PORT, this.port]]),
    });
  }

  async close(): Promise<void> {
    await this.#envoy?.stop(0);
    await this.run.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A Gateway that all hosts are served at. */
export function gateway(name: string): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name },
    spec: {
      selector: { istio: "ingressgateway" },
      servers: [{ port: { number: GATEWAY_PORT, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
    },
  };
}
