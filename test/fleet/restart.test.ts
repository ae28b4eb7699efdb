/**
 * `sluice serve` is killed in the middle of things, three Envoys under load: whatever it was doing, nothing is lost, and the next one
 * goes on where it was.
 */

import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startUpstream, type Upstream } from "../../compiler/run/stand-in/upstream.ts";
import { Connection } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { joinEnvoy } from "./joined-envoy.ts";
import { ServedFleet } from "./served-fleet.ts";

const SERVER = "127.49.1.1";
const PROXIES = ["127.49.1.11", "127.49.1.12", "127.49.1.13"];
const BACKENDS = ["127.49.2.1", "127.49.2.2"];
/** How often it is killed, at moments that lie all over the time of a change; in which steps, `server-killed.test.ts` chooses. */
const KILLS = Number(process.env.SLUICE_KILLS ?? 2);

let folder: string;
let upstream: Upstream;
let meshPort: number;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-restart-"));
  await mkdir(path.join(folder, "rules"));
  upstream = startUpstream();
  closing.push(() => upstream.close());
  for (const address of BACKENDS) {
    await upstream.listen(address, 8080);
  }
  meshPort = await freePort();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
  await rm(folder, { recursive: true, force: true });
});

/** A revision with a cluster of its own, which goes to one of two backends; what has it says so in a header. */
async function rule(revision: number): Promise<void> {
  const file = path.join(folder, "rules.yaml");
  await writeFile(
    file,
    `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: of-${revision}, namespace: a }
spec:
  hosts: [of-${revision}.example]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  resolution: STATIC
  endpoints: [{ address: ${BACKENDS[revision % BACKENDS.length]} }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: all, namespace: a }
spec:
  hosts: [all.example]
  http:
    - headers: { response: { set: { x-revision: "${revision}" } } }
      route: [{ destination: { host: of-${revision}.example } }]
`,
  );
  await rename(file, path.join(folder, "rules", "rules.yaml"));
}

/** Asks one proxy again and again; every answer that is not right is kept. */
class Load {
  readonly wrong: string[] = [];
  answered = 0;
  /** What the last answer was decided by. */
  revision = "";
  readonly #stopped = new AbortController();
  readonly #done: Promise<void>;

  constructor(address: string) {
    this.#done = this.#ask(address);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#done;
  }

  async #ask(address: string): Promise<void> {
    const connection = await Connection.open(meshPort, address);
    try {
      while (!this.#stopped.signal.aborted) {
        const { status, body, headers } = await connection.request({ path: "/", host: "all.example" });
        const [revision = ""] = headers["x-revision"] ?? [];
        this.answered++;
        this.revision = revision;
        if (status !== 200 || !body.includes(BACKENDS[Number(revision) % BACKENDS.length]!)) {
          this.wrong.push(`${status} of ${revision}`);
        }
        await sleep(2);
      }
    } catch (error) {
      this.wrong.push(String(error));
    } finally {
      connection.close();
    }
  }
}

const serve = (port: number): ServedFleet =>
  new ServedFleet(
    [
      ...[path.join(folder, "rules"), "--listen", `${SERVER}:${port}`, "--http", "off"],
      ...["--state", path.join(folder, "state"), "--waves", "1,all", "--bake", "100ms"],
      // Deaths of a server lie closer together here than its proxies take to come back.
      ...["--plain-text", "--format", "json"],
    ],
    folder,
  );

test(`a server that is killed ${KILLS} times while rules change`, {
  timeout: 300_000 + KILLS * 20_000,
}, async () => {
  const port = await freePort();
  await rule(0);
  let server = serve(port);
  closing.push(() => server.kill());
  await server.event("listening");
  for (const [index, listenAddress] of PROXIES.entries()) {
    const envoy = await joinEnvoy(folder, {
      server: `${SERVER}:${port}`,
      id: `edge-${index}`,
      namespace: "a",
      listenAddress,
      meshPort,
    });
    closing.push(() => envoy.stop(0));
  }
  const loads = PROXIES.map((address) => new Load(address));
  closing.push(() => Promise.all(loads.map((load) => load.stop())));
  const wrong = () => loads.flatMap((load) => load.wrong);
  await expect.poll(() => loads.every(({ answered }) => answered > 10)).toBe(true);

  for (let kill = 1; kill <= KILLS; kill++) {
    await rule(kill);
    // From when the change is seen to when every proxy has it.
    await sleep((kill * 397) % 1_000);
    await server.kill();
    // The sources are away for a while, too.
    await rename(path.join(folder, "rules"), path.join(folder, "away"));
    server = serve(port);
    await server.event("listening");
    await rename(path.join(folder, "away"), path.join(folder, "rules"));
    await vi.waitFor(() => {
      expect(loads.map(({ revision }) => revision)).toEqual(PROXIES.map(() => String(kill)));
    }, 120_000);
    expect(wrong()).toEqual([]);
  }
  await Promise.all(loads.map((load) => load.stop()));
  const answered = loads.reduce((sum, load) => sum + load.answered, 0);
  console.log(`${KILLS} kills, ${answered} requests, ${wrong().length} lost or decided wrongly`);
  expect(wrong()).toEqual([]);
  expect((await readdir(path.join(folder, "state"))).filter((name) => name.includes("broken"))).toEqual([]);
});
