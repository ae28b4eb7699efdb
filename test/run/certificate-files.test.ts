/** Certificates in files: a renewed one is shown soon, in whatever way it is written, also where rules are not watched. */

import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdir, mkdtemp, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { askTls } from "../front/tls/client.ts";
import { Authority, type Pair } from "../harness/authority.ts";
import { freePort } from "../harness/ports.ts";
import { SluiceRun } from "../harness/sluice.ts";

let authority: Authority;
let pairs: Pair[];
beforeAll(async () => {
  authority = await Authority.create("authority");
  pairs = [];
  for (let i = 0; i < 4; i++) {
    pairs.push(await authority.issue({ names: ["shop.example"] }));
  }
});

let folder: string;
let certificates: string;
let port: number;
let run: SluiceRun;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-certificates-"));
  certificates = path.join(folder, "certificates");
  port = await freePort();
});
afterEach(async () => {
  expect(await run.stop()).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

const rules = (tls: string) => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { istio: ingressgateway }
  servers:
  - port: { number: ${port}, name: https, protocol: HTTPS }
    hosts: ["shop.example"]
    tls: { mode: SIMPLE, ${tls} }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  gateways: [edge]
  http: [{ directResponse: { status: 200 } }]
`;

async function start(tls: string, ...flags: string[]): Promise<void> {
  await writeFile(path.join(folder, "rules.yaml"), rules(tls));
  run = new SluiceRun(["rules.yaml", "--mesh-port", "0", "--concurrency", "1", ...flags], folder);
  await run.event("serving");
}

/** By its serial number: all have one name. */
async function shown(): Promise<string> {
  const { serial } = await askTls({ port, host: "shop.example", ca: authority.certificate });
  return serial;
}

async function isShown(pair: Pair): Promise<void> {
  const { serialNumber } = new X509Certificate(pair.certificate);
  await expect.poll(() => shown(), { interval: 50 }).toBe(serialNumber);
}

test("written in place, the key after the certificate; by rename; and put away and back", async () => {
  await mkdir(certificates);
  const [chain, key] = ["server.pem", "server.key"].map((name) => path.join(certificates, name)) as [
    string,
    string,
  ];
  const write = async ({ certificate, key: secret }: Pair) => {
    await writeFile(chain, certificate);
    await writeFile(key, secret);
  };
  await write(pairs[0]!);
  await start(`serverCertificate: ${chain}, privateKey: ${key}`);
  await isShown(pairs[0]!);
  await write(pairs[1]!);
  await isShown(pairs[1]!);

  // Half of a pair, for longer than a moment: what serves goes on.
  const before = run.events.length;
  await writeFile(chain, pairs[2]!.certificate);
  expect(await run.event("failed", before)).toMatchObject({
    message: expect.stringContaining("the key does not belong to the certificate"),
  });
  await isShown(pairs[1]!);
  await writeFile(`${key}.new`, pairs[2]!.key);
  await rename(`${key}.new`, key);
  await isShown(pairs[2]!);

  const seen = run.events.length;
  await rm(chain);
  await run.event("failed", seen);
  await isShown(pairs[2]!);
  await write(pairs[3]!);
  await isShown(pairs[3]!);
});

test("a Secret as Kubernetes mounts it, and no watch of Envoy's for it", async () => {
  const mount = path.join(certificates, "shop");
  await mkdir(mount, { recursive: true });
  const version = async (name: string, pair: Pair) => {
    await mkdir(path.join(mount, name));
    await writeFile(path.join(mount, name, "tls.crt"), pair.certificate);
    await writeFile(path.join(mount, name, "tls.key"), pair.key);
    await symlink(name, path.join(mount, "..data_tmp"));
    await rename(path.join(mount, "..data_tmp"), path.join(mount, "..data"));
  };
  await version("..1", pairs[0]!);
  for (const name of ["tls.crt", "tls.key"]) {
    await symlink(`..data/${name}`, path.join(mount, name));
  }
  await start("credentialName: shop", "--secrets-directory", certificates, "--watch");
  await isShown(pairs[0]!);
  await version("..2", pairs[1]!);
  expect(await readlink(path.join(mount, "..data"))).toBe("..2");
  await isShown(pairs[1]!);

  const { pid } = (await run.event("serving")) as { pid?: number };
  const files = execFileSync("ls", ["-l", `/proc/${pid}/fd`], { encoding: "utf8" });
  const instances = files.split("\n").filter((line) => line.includes("inotify"));
  // One that Envoy has in any case.
  expect(instances.length).toBeLessThanOrEqual(1);
});
