/** What `sluice bootstrap` writes, judged by an Envoy: it would start with it, without a word of complaint. */

import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";
import { Authority } from "../harness/authority.ts";
import { sluice } from "../harness/sluice.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "sluice-bootstrap-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const at = (name: string) => path.join(directory, name);

async function complaintsOf(bootstrap: string): Promise<string[]> {
  const binary = await findEnvoy({ log: () => {} });
  if (binary.source === "docker") {
    return [];
  }
  const { stderr } = await promisify(execFile)(binary.path, [
    ...["--mode", "validate", "--disable-hot-restart", "--log-level", "warning", "--config-path", bootstrap],
  ]);
  return stderr.split("\n").filter((line) => line !== "");
}

test("a proxy on the server's machine", async () => {
  const { code, out, err } = await sluice(
    ["bootstrap", "--server", "127.0.0.1:18000", "--id", "a"],
    directory,
  );
  expect({ code, err }).toEqual({ code: 0, err: "" });
  await writeFile(at("envoy.json"), out);
  expect(await complaintsOf(at("envoy.json"))).toEqual([]);
});

test("a proxy with everything, and with certificates that can change", async () => {
  const authority = await Authority.create("fleet");
  const { certificate, key } = await authority.issue({ names: ["proxy.example"] });
  await writeFile(at("ca.pem"), authority.certificate);
  await writeFile(at("crt.pem"), certificate);
  await writeFile(at("key.pem"), key);
  await writeFile(at("token"), "a-token-of-a-proxy\n");
  const { code, err } = await sluice(
    [
      ...["bootstrap", "--server", "sluice.example:18000", "--server", "[::1]:18000", "--id", "edge-1"],
      ...["--labels", "app=edge,v=1", "--namespace", "shop", "--locality", "eu/a", "--port-map", "80=8080"],
      ...["--target", "auto", "--listen-address", "::", "--mesh-port", "15001", "--mesh-listeners"],
      ...["--admin-port", "19001", "--ready-port", "19021", "--admin-socket", at("admin.sock")],
      ...["--tls-ca", "ca.pem", "--tls-cert", "crt.pem", "--tls-key", "key.pem"],
      ...["--tls-server-name", "spiffe://cluster.local/ns/sluice/sa/sluice", "--token-file", "token"],
      ...["--out", "made/envoy.json"],
    ],
    directory,
  );
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect((await readdir(at("made"))).sort()).toEqual([
    "envoy.authority.json",
    "envoy.certificate.json",
    "envoy.json",
  ]);
  expect((await stat(at("made/envoy.json"))).mode & 0o777).toBe(0o600);
  expect(await complaintsOf(at("made/envoy.json"))).toEqual([]);
});
