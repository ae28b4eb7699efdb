/** Kubeconfig files as kubectl reads them, and one line for each mistake. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority, type Pair } from "../../../test/harness/authority.ts";
import { EnvironmentError } from "../../platform/error.ts";
import type { ClusterAccess } from "../credentials/cluster-access.ts";
import { kubeconfigAccess } from "./kubeconfig.ts";

const folder = mkdtempSync(path.join(tmpdir(), "sluice-kubeconfig-"));
let authority: Authority;
let pair: Pair;
let other: Pair;
let over: Pair;

beforeAll(async () => {
  authority = await Authority.create("authority");
  pair = await authority.issue({ names: ["admin"] });
  other = await authority.issue({ names: ["other"] });
  over = await authority.issue({ names: ["late"], days: -2 });
  write("ca.crt", authority.certificate);
  write("cert.pem", pair.certificate);
  write("key.pem", pair.key);
});

afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const SECRET = "do-not-show-me";

/** JSON is YAML. */
function config(user: object, cluster: object = {}, context: object = {}): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u", ...context } }],
    clusters: [{ name: "k", cluster: { server: "https://10.0.0.1:6443", ...cluster } }],
    users: [{ name: "u", user }],
  });
}

function access(text: string): ClusterAccess {
  return kubeconfigAccess({ file: write("config", text), env: {} });
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("files are seen from the kubeconfig's folder, and data wins over a file", async () => {
  const read = access(
    config(
      { "client-certificate": "cert.pem", "client-key": "key.pem" },
      { "certificate-authority": "ca.crt", "tls-server-name": "api" },
      { namespace: "shop" },
    ),
  );
  expect(read).toMatchObject({ serverName: "api", defaultNamespace: "shop", insecure: false });
  expect(read.authorities()).toBe(authority.certificate);
  expect(await read.credentials.current()).toEqual({
    certificate: { cert: pair.certificate, key: pair.key },
  });
  const data = access(
    config(
      { token: "x" },
      { "certificate-authority": "missing", "certificate-authority-data": base64(authority.certificate) },
    ),
  );
  expect(data.authorities()).toBe(authority.certificate);
});

test.each([
  [{ token: "abc" }, "Bearer abc"],
  [{ username: "me", password: "p w" }, `Basic ${base64("me:p w")}`],
  [{}, undefined],
])("%j is the header %s", async (user, header) => {
  expect((await access(config(user)).credentials.current()).authorization).toBe(header);
});

test("a token in a file is read again when the server refuses it", async () => {
  const file = write("token", "first\n");
  const { credentials } = access(config({ token: "not this", tokenFile: "token" }));
  const first = await credentials.current();
  writeFileSync(file, "second");
  expect([first, await credentials.current()]).toEqual(Array(2).fill({ authorization: "Bearer first" }));
  credentials.refused(first);
  expect(await credentials.current()).toEqual({ authorization: "Bearer second" });
});

test("whom to act as becomes headers", () => {
  const user = {
    token: "x",
    as: "jane",
    "as-uid": "7",
    "as-groups": ["a", "b"],
    "as-user-extra": { "x/y": ["1"] },
  };
  expect(access(config(user)).impersonation).toEqual({
    "Impersonate-User": "jane",
    "Impersonate-Uid": "7",
    "Impersonate-Group": ["a", "b"],
    "Impersonate-Extra-x%2Fy": ["1"],
  });
});

test("of several files the first that has a name wins, and what is missing is left out", () => {
  const first = write(
    "first",
    JSON.stringify({ clusters: [{ name: "k", cluster: { server: "https://first:1" } }] }),
  );
  const second = write("second", config({ token: "x" }));
  const env = { KUBECONFIG: [path.join(folder, "missing"), first, second].join(path.delimiter) };
  expect(kubeconfigAccess({ env }).server.href).toBe("https://first:1/");
});

test("a proxy is that of the cluster, or of the environment unless it exempts the server", () => {
  const file = write("config", config({ token: "x" }));
  const of = (env: NodeJS.ProcessEnv): string | undefined => kubeconfigAccess({ file, env }).proxy?.href;
  expect(of({ HTTPS_PROXY: "proxy:3128" })).toBe("http://proxy:3128/");
  for (const exempt of ["*", "10.0.0.0/8", "10.0.0.1", "x, 10.0.0.1:6443"]) {
    expect(of({ https_proxy: "proxy:3128", NO_PROXY: exempt })).toBeUndefined();
  }
  expect(of({ HTTPS_PROXY: "proxy:3128", NO_PROXY: "10.0.0.1:443,11.0.0.0/8,0.0.1" })).toBe(
    "http://proxy:3128/",
  );
  const own = access(config({ token: "x" }, { "proxy-url": "http://me:pw@p:1" }));
  expect(own.proxy?.host).toBe("p:1");
});

/** What is wrong → what the line says beside the file. */
const MISTAKES: readonly (readonly [string, () => string, string])[] = [
  ["not YAML", () => "a: [", "is not valid YAML"],
  ["a list", () => "- a", "must be a mapping"],
  ["empty", () => "", "no `current-context`; use --context (it has none)"],
  ["deep", () => "[".repeat(10_000), "nested too deeply"],
  [
    "no context",
    () => config({}).replace('"current-context":"c"', '"current-context":"z"'),
    '"z"; known contexts: c',
  ],
  ["no cluster", () => config({}, {}, { cluster: "q" }), 'context "c": there is no cluster "q"; known: k'],
  ["no user", () => config({}, {}, { user: "q" }), 'context "c": there is no user "q"; known: u'],
  ["no server", () => config({}, { server: "" }), 'cluster "k": `server` is missing'],
  ["a wrong server", () => config({}, { server: "https://" }), '`server`: "https://" is not valid'],
  ["a number", () => config({ token: 7 }), 'user "u": `token` must be a text; quote it'],
  ["a wrong flag", () => config({}, { "insecure-skip-tls-verify": "yes" }), "must be true or false"],
  [
    "two of one",
    () => config({}, { "insecure-skip-tls-verify": true, "certificate-authority": "ca.crt" }),
    "cannot be combined",
  ],
  [
    "no such file",
    () => config({}, { "certificate-authority": "nowhere" }),
    "nowhere cannot be read: it does not exist",
  ],
  [
    "no certificate",
    () => config({}, { "certificate-authority-data": base64("x") }),
    "no certificate in PEM format",
  ],
  [
    "no base64",
    () => config({}, { "certificate-authority-data": "%%%" }),
    "`certificate-authority-data` is not valid base64",
  ],
  [
    "a broken one",
    () => config({}, { "certificate-authority-data": base64("-----BEGIN CERTIFICATE-----\nx") }),
    "no certificate in PEM",
  ],
  [
    "half an escape",
    () => config({}, { "proxy-url": `http://me:%zz${SECRET}@h:1` }),
    "`proxy-url` is not valid",
  ],
  ["no key", () => config({ "client-certificate": "cert.pem" }), "no `client-key`"],
  ["a provider", () => config({ "auth-provider": { name: "gcp" } }), '"gcp" is not supported'],
  ["as nobody", () => config({ "as-groups": ["a"] }), "`as` is missing"],
  ["socks", () => config({}, { "proxy-url": `socks5://me:${SECRET}@h:1` }), "`proxy-url` is not valid"],
  [
    "exec of old",
    () => config({ exec: { apiVersion: "client.authentication.k8s.io/v1alpha1" } }),
    "v1alpha1",
  ],
  [
    "exec of nothing",
    () => config({ exec: { apiVersion: "client.authentication.k8s.io/v1" } }),
    "`command` is missing",
  ],
  [
    "exec without a mode",
    () => config({ exec: { apiVersion: "client.authentication.k8s.io/v1", command: "x" } }),
    "`interactiveMode`: nothing is not valid",
  ],
];

test.each(MISTAKES)("one line for a kubeconfig with a mistake: %s", (_, text, words) => {
  expect(lineOf(() => access(text()))).toContain(words);
});

/** A kubeconfig with something else in the place of one of its values. */
const damaged = fc
  .tuple(fc.nat(), fc.oneof(fc.jsonValue(), fc.string(), fc.constant("\u0000"), fc.constant("%zz")))
  .map(([at, value]) => {
    const user = {
      "client-certificate": "cert.pem",
      "client-key": "key.pem",
      as: "a",
      "as-groups": ["b"],
      "as-user-extra": { c: ["d"] },
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "x",
        interactiveMode: "Never",
        env: [{ name: "a", value: "b" }],
        provideClusterInfo: true,
      },
    };
    const cluster = {
      "certificate-authority": "ca.crt",
      "tls-server-name": "x",
      "proxy-url": "http://me:pw@h:1",
      extensions: [{ name: "client.authentication.k8s.io/exec", extension: { a: 1 } }],
    };
    const root = JSON.parse(config(user, cluster, { namespace: "n" }));
    const places: [Record<string, unknown>, string][] = [];
    const visit = (node: unknown): void => {
      for (const key of node !== null && typeof node === "object" ? Object.keys(node) : []) {
        places.push([node as Record<string, unknown>, key]);
        visit((node as Record<string, unknown>)[key]);
      }
    };
    visit(root);
    const [node, key] = places[at % places.length]!;
    node[key] = value;
    return JSON.stringify(root);
  });

test("whatever a kubeconfig holds is an access, or one line", () => {
  const tried = (text: string): void => {
    try {
      access(text);
    } catch (error) {
      expect(error).toBeInstanceOf(EnvironmentError);
    }
  };
  fc.assert(fc.property(fc.oneof(damaged, fc.json(), fc.string()), tried), { numRuns: 300 });
});

test.each([
  ["expired", () => ({ cert: over.certificate, key: over.key }), /expired on \d{4}-\d\d-\d\d/],
  ["another key", () => ({ cert: pair.certificate, key: other.key }), /does not belong/],
  ["not a certificate", () => ({ cert: SECRET, key: pair.key }), /not a certificate in PEM/],
  ["not a key", () => ({ cert: pair.certificate, key: SECRET }), /not an unencrypted private key/],
] as const)("one line for a client certificate that is of no use: %s", async (_, made, words) => {
  const { cert, key } = made();
  const { credentials } = access(
    config({ "client-certificate-data": base64(cert), "client-key-data": base64(key) }),
  );
  const error = await credentials.current().catch((thrown: Error) => thrown);
  expect(
    lineOf(() => {
      throw error;
    }),
  ).toMatch(words);
});

function lineOf(call: () => unknown): string {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(EnvironmentError);
  const { message } = thrown as Error;
  expect(message).not.toContain("\n");
  expect(message).not.toContain(SECRET);
  expect(message).toContain(path.join(folder, "config"));
  return message;
}

test("one line where there is no kubeconfig", () => {
  expect(() => kubeconfigAccess({ env: { HOME: folder } })).toThrow(`${folder}/.kube/config does not exist`);
  expect(() => kubeconfigAccess({ env: { KUBECONFIG: "/nowhere" } })).toThrow(
    "KUBECONFIG: /nowhere does not exist",
  );
});
