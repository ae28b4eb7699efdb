/**
 * A Kubernetes API server of its own: Kubernetes' kube-apiserver and an etcd, on an address of 127/8 that nothing else has, with TLS,
 * RBAC, tokens and client certificates. It has no controllers: no namespace is ever emptied, nobody makes EndpointSlices but a test.
 */

import { generateKeyPairSync, randomInt } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { Authority } from "../../harness/authority.ts";
import { freePort } from "../../harness/ports.ts";
import type { Programs } from "../programs/programs.ts";
import { ApiClient, type Credentials } from "./api-client.ts";
import { Audit, type AuditedList } from "./audit.ts";
import { installIstioCrds } from "./istio-crds.ts";
import { Program } from "./program.ts";

const ADMINISTRATOR = "administrator-of-tests";
const READY_TIMEOUT_MS = 120_000;

export interface ApiServerOptions {
  /** The custom resource definitions of Istio are installed unless it says no. */
  readonly withIstio?: boolean;
  /** More flags of kube-apiserver. */
  readonly flags?: readonly string[];
}

export class ApiServer {
  /** Of somebody who may do everything. */
  readonly admin: ApiClient;
  readonly #folder: string;
  readonly #etcd: Program;
  readonly #clients: Authority;
  readonly #audit: Audit;
  readonly #start: () => Program;
  #program: Program;

  private constructor(
    folder: string,
    etcd: Program,
    clients: Authority,
    credentials: Credentials,
    audit: Audit,
    start: () => Program,
  ) {
    this.#folder = folder;
    this.#etcd = etcd;
    this.#clients = clients;
    this.admin = new ApiClient(credentials);
    this.#audit = audit;
    this.#start = start;
    this.#program = start();
  }

  /** Resolves when it answers, and knows the resources of Istio. */
  static async start(programs: Programs, options: ApiServerOptions = {}): Promise<ApiServer> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-kubernetes-"));
    const host = `127.${randomInt(90, 120)}.${randomInt(1, 250)}.${randomInt(1, 250)}`;
    const [port, etcdPort, peerPort] = [await freePort(), await freePort(), await freePort()];
    const etcdUrl = `http://${host}:${etcdPort}`;
    const etcd = startEtcd(programs.etcd, folder, etcdUrl, `http://${host}:${peerPort}`);
    try {
      await etcd.ready(() => answers(`${etcdUrl}/health`), READY_TIMEOUT_MS);
      const servers = await Authority.create("Kubernetes API server");
      const clients = await Authority.create("Kubernetes clients");
      const { certificate, key } = await servers.issue({ names: ["kubernetes"], addresses: [host] });
      const account = generateKeyPairSync("ec", {
        namedCurve: "P-256",
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
        publicKeyEncoding: { type: "spki", format: "pem" },
      });
      const write = async (name: string, text: string) => {
        const file = path.join(folder, name);
        await writeFile(file, text, { mode: 0o600 });
        return file;
      };
      const audit = await Audit.in(folder);
      const args = [
        `--etcd-servers=${etcdUrl}`,
        `--bind-address=${host}`,
        `--advertise-address=${host}`,
        `--secure-port=${port}`,
        `--tls-cert-file=${await write("server.crt", certificate)}`,
        `--tls-private-key-file=${await write("server.key", key)}`,
        `--client-ca-file=${await write("clients.crt", clients.certificate)}`,
        `--token-auth-file=${await write("tokens.csv", `${ADMINISTRATOR},admin,admin,system:masters\n`)}`,
        `--service-account-issuer=https://kubernetes.default.svc`,
        `--service-account-key-file=${await write("accounts.pub", account.publicKey)}`,
        `--service-account-signing-key-file=${await write("accounts.key", account.privateKey)}`,
        "--authorization-mode=RBAC",
        // There is no controller that makes the account of a namespace.
        "--disable-admission-plugins=ServiceAccount",
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.96.0.0/12",
        ...audit.flags,
        ...(options.flags ?? []),
      ];
      const server = new ApiServer(
        folder,
        etcd,
        clients,
        { server: `https://${host}:${port}`, authority: servers.certificate, token: ADMINISTRATOR },
        audit,
        () => new Program(programs.kubeApiserver, args, folder),
      );
      await server.#ready();
      if (options.withIstio !== false) {
        await installIstioCrds(server.admin, programs.istioCrds);
      }
      return server;
    } catch (error) {
      await etcd.stop("SIGKILL");
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Of the process of kube-apiserver. */
  get pid(): number {
    return this.#program.pid;
  }

  /** A client certificate of that user. */
  async certificateOf(user: string, days?: number): Promise<Credentials> {
    const { server, authority } = this.admin.credentials;
    const pair = await this.#clients.issue({ names: [user], ...(days !== undefined && { days }) });
    return { server, authority, ...pair };
  }

  /** Who has listed what since it was started first. */
  lists(): Promise<AuditedList[]> {
    return this.#audit.lists();
  }

  /** Ends kube-apiserver: as when it is upgraded, or `SIGKILL` as when its machine is lost. Its store stays. */
  async down(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    await this.#program.stop(signal);
  }

  /** Starts it again at the same address; resolves when it says that it is ready. */
  async up(): Promise<void> {
    this.#program = this.#start();
    await this.#ready();
  }

  /** Its store says nothing while that goes on: the API server answers from memory, or not at all. */
  async withoutStore<T>(work: () => Promise<T>): Promise<T> {
    this.#etcd.halt();
    try {
      return await work();
    } finally {
      this.#etcd.goOn();
    }
  }

  async stop(): Promise<void> {
    this.admin.close();
    await this.#program.stop("SIGKILL");
    await this.#etcd.stop("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }

  #ready(): Promise<void> {
    return this.#program.ready(
      async () => (await this.admin.ask("GET", "/readyz")).status === 200,
      READY_TIMEOUT_MS,
    );
  }
}

function startEtcd(binary: string, folder: string, url: string, peerUrl: string): Program {
  const args = [
    `--data-dir=${path.join(folder, "etcd")}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    // What a crash of the machine would lose is nothing that a test wants back.
    "--unsafe-no-fsync",
  ];
  return new Program(binary, args, folder);
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    http
      .get(url, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      })
      .on("error", reject);
  });
}
