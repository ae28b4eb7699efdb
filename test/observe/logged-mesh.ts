/** Both targets side by side in one Envoy that writes an access log, and the lines that it wrote. */

import { randomUUID } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import http2 from "node:http2";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProxyOptions } from "../../compiler/options.ts";
import { Twin } from "../differential/twin.ts";
import { ask, formatRequest } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";
import { type LoggedRequest, SERVICES } from "./log-rules.ts";

export type Line = Readonly<Record<string, unknown>>;
export type Side = "wasm" | "native";
export const SIDES: readonly Side[] = ["wasm", "native"];

const LONGEST_WAIT_MS = 30_000;
const LOOK_EVERY_MS = 50;
export class LoggedMesh {
  readonly ports: Readonly<Record<Side, number>>;
  readonly mesh: Mesh;
  /** Of every listener of the filter's target, by its name. */
  readonly listeners: ReadonlyMap<string, number>;
  readonly #log: string;

  private constructor(
    mesh: Mesh,
    listeners: ReadonlyMap<string, number>,
    ports: Readonly<Record<Side, number>>,
    log: string,
  ) {
    this.mesh = mesh;
    this.listeners = listeners;
    this.ports = ports;
    this.#log = log;
  }

  /** `rules` may have to know where the log is. */
  static async open(
    rules: string | ((log: string) => string),
    proxy: Partial<ProxyOptions> = {},
  ): Promise<LoggedMesh> {
    const log = path.join(os.tmpdir(), `sluice-access-${randomUUID()}.log`);
    const twin = new Twin();
    const mesh = await Mesh.create({ target: "wasm", emit: twin.emit });
    const options = {
      proxyNamespace: "shop",
      outboundPolicy: "REGISTRY_ONLY" as const,
      accessLog: log,
      accessLogFormat: "json",
      ...proxy,
    };
    const documents = typeof rules === "string" ? rules : rules(log);
    const { ports, diagnostics } = await mesh.apply([SERVICES, documents], { proxy: options });
    const wasm = ports.get("mesh");
    if (wasm === undefined) {
      await mesh.close();
      throw new Error(diagnostics.map(({ message }) => message).join("\n"));
    }
    return new LoggedMesh(mesh, ports, { wasm, native: twin.nativePort("mesh") }, log);
  }

  async send(side: Side, request: LoggedRequest): Promise<void> {
    const port = this.ports[side];
    const { host = "shop.example", path, version, leaves } = request;
    const headers = { "x-request-id": request.id, "x-echo-key": `${side} ${request.id}`, ...request.headers };
    if (leaves) {
      const socket = net.connect(port, "127.0.0.1");
      socket.write(formatRequest({ path, host, headers }));
      // Its answer takes many seconds.
      await this.#untilBusy(side);
      socket.destroy();
    } else if (version === "2") {
      await askHttp2(port, { ":path": path, ":authority": host, ...headers });
    } else {
      await ask(port, { path, host, headers });
    }
  }

  /** Resolves when Envoy has a request at the side's listener. */
  async #untilBusy(side: Side): Promise<void> {
    const active = `http.${side === "wasm" ? "mesh" : "native_mesh"}.downstream_rq_active`;
    const deadline = Date.now() + LONGEST_WAIT_MS;
    while ((await this.mesh.envoy.admin.stats(`^${active.replace(".", "\\.")}$`)).get(active) !== 1) {
      if (Date.now() > deadline) {
        throw new Error("the request has not reached Envoy");
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** The log once there are so many lines. */
  async lines(count: number): Promise<string[]> {
    const deadline = Date.now() + LONGEST_WAIT_MS;
    for (;;) {
      const text = await readFile(this.#log, "utf8");
      const lines = text.split("\n").slice(0, -1);
      if (lines.length >= count || Date.now() > deadline) {
        return lines;
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  async close(): Promise<void> {
    await this.mesh.close();
    await rm(this.#log, { force: true });
  }
}

function askHttp2(port: number, headers: http2.OutgoingHttpHeaders): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = http2.connect(`http://127.0.0.1:${port}`);
    client.once("error", reject);
    const stream = client.request(headers);
    stream.once("error", reject);
    stream.once("close", () => {
      client.close();
      resolve();
    });
    stream.resume();
    stream.end();
  });
}
