/** `sluice export --to kubernetes`: against the published schemas, and what it mounts in a real Envoy. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, stat, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { Service } from "kubernetes-models/v1/Service";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { runCommand } from "../../compiler/run/envoy/command.ts";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";
import { startEnvoy } from "../../compiler/run/envoy/start.ts";
import { Authority, tlsSecret } from "../harness/authority.ts";
import { ask } from "../harness/client.ts";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";
import { freePort } from "../harness/ports.ts";
import { ExportFolder, edgeRules } from "./folder.ts";

const ROUTE = "  - match: [{ uri: { prefix: /v1 } }]\n    route: [{ destination: { host: api.example } }]\n";

let folder: ExportFolder;
let upstream: http.Server;
beforeAll(async () => {
  upstream = http.createServer(KEPT_CONNECTIONS, (request, response) =>
    response.end(`upstream ${request.url}`),
  );
  await once(upstream.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => {
  upstream.close();
});
beforeEach(async () => {
  folder = await ExportFolder.create();
});
afterEach(() => folder.remove());

const rules = () => edgeRules((upstream.address() as AddressInfo).port, ROUTE);

test("every resource is one that Kubernetes takes", async () => {
  const { code, err, out } = await folder.export(rules(), ["--to", "kubernetes", "--name", "edge"]);
  expect(code, err).toBe(0);
  expect(out).toContain("kustomization.yaml");
  const { resources } = await folder.yaml("kustomization.yaml");
  const kinds = { Deployment, Service, PodDisruptionBudget, HorizontalPodAutoscaler };
  expect(resources).toHaveLength(Object.keys(kinds).length);
  for (const file of resources) {
    const resource = await folder.yaml(file);
    const Kind = kinds[resource.kind as keyof typeof kinds];
    expect(() => new Kind(resource).validate(), file).not.toThrow();
  }
  // A judge that takes everything would be none.
  const { spec } = await folder.yaml("deployment.yaml");
  expect(() => new Deployment({ spec: { ...spec, template: {} } }).validate()).not.toThrow();
  expect(() => new Deployment({ spec: { ...spec, selector: undefined } }).validate()).toThrow();
});

test("the Pod is least privileged, and its Service has the ports that rules speak of", async () => {
  await folder.export(rules(), ["--to", "kubernetes", "--port-map", "gateway:80=8080,mesh:80=9090"]);
  const { template } = (await folder.yaml("deployment.yaml")).spec;
  const [container] = template.spec.containers;
  expect(template.spec).toMatchObject({
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  });
  expect(template.spec.securityContext.sysctls).toBeUndefined();
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  expect(Object.keys(container)).toEqual(
    expect.arrayContaining(["startupProbe", "readinessProbe", "livenessProbe", "lifecycle", "resources"]),
  );
  expect(container.ports).toEqual([
    { name: "port-8080", containerPort: 8080 },
    { name: "ready", containerPort: 15021 },
    { name: "metrics", containerPort: 15090 },
  ]);
  const service = await folder.yaml("service.yaml");
  expect(service.spec.ports).toEqual([{ name: "http-80", port: 80, targetPort: "port-8080" }]);
  expect(service.spec.selector).toEqual((await folder.yaml("deployment.yaml")).spec.selector.matchLabels);
});

test("a port is one port, whatever addresses servers bind", async () => {
  const twice = rules().replace(
    /servers: \[(.*)\]\n/,
    "servers: [{ port: { number: 8080, name: a, protocol: HTTP }, hosts: ['*'], bind: 127.0.0.1 }, " +
      "{ port: { number: 8080, name: b, protocol: HTTP }, hosts: ['*'], bind: 127.0.0.2 }]\n",
  );
  const { code, err } = await folder.export(twice, ["--to", "kubernetes"]);
  expect(code, err).toBe(0);
  const [container] = (await folder.yaml("deployment.yaml")).spec.template.spec.containers;
  expect(container.ports).toEqual([
    { name: "port-8080", containerPort: 8080 },
    { name: "ready", containerPort: 15021 },
    { name: "metrics", containerPort: 15090 },
  ]);
  expect((await folder.yaml("service.yaml")).spec.ports).toHaveLength(1);
});

test("the mesh has a Service of its own, which the world outside does not see", async () => {
  const both = await folder.export(rules(), ["--to", "kubernetes", "--mesh-port", "15001"]);
  expect(both.code, both.err).toBe(0);
  expect((await folder.yaml("service.yaml")).spec.ports).toEqual([
    { name: "http-80", port: 80, targetPort: "port-80" },
  ]);
  const mesh = await folder.yaml("mesh-service.yaml");
  expect(() => new Service(mesh).validate()).not.toThrow();
  expect(mesh).toMatchObject({
    metadata: { name: "sluice-mesh" },
    spec: { type: "ClusterIP", ports: [{ name: "http-15001", port: 15001, targetPort: "port-15001" }] },
  });
  const [container] = (await folder.yaml("deployment.yaml")).spec.template.spec.containers;
  expect(container.ports.map(({ containerPort }: { containerPort: number }) => containerPort)).toEqual([
    80, 15001, 15021, 15090,
  ]);

  const alone = ["--to", "kubernetes", "--mesh-port", "15001", "--proxy-labels", "a=b"];
  expect((await folder.export(rules(), alone)).code).toBe(0);
  expect((await folder.yaml("kustomization.yaml")).resources).not.toContain("service.yaml");
});

test("what a Pod mounts is a build that Envoy runs from; its probe says when, its hook sends clients away", async () => {
  const mounted = path.join(folder.directory, "mounted");
  const port = await freePort();
  const [admin, ready] = [await freePort(), await freePort()];
  const adminSocket = path.join(folder.directory, "admin.sock");
  const { code, err } = await folder.export(rules(), [
    ...["--to", "kubernetes", "--mount-path", mounted, "--listen-address", "127.0.0.1"],
    ...["--port-map", `80=${port}`, "--admin-port", String(admin), "--ready-port", String(ready)],
    ...["--admin-socket", adminSocket],
  ]);
  expect(code, err).toBe(0);
  await mountAs(mounted);
  const { containers, volumes } = (await folder.yaml("deployment.yaml")).spec.template.spec;
  const [{ args, ports, readinessProbe, lifecycle, volumeMounts }] = containers;
  expect(volumeMounts).toContainEqual({ name: "admin", mountPath: folder.directory });
  expect(volumes).toContainEqual({ name: "admin", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } });
  const { port: probed, path: asked } = readinessProbe.httpGet;
  expect(ports).toContainEqual({ name: probed, containerPort: ready });

  const envoy = await startEnvoy({
    binary: await findEnvoy({ log: () => {} }),
    configPath: path.join(mounted, "envoy.json"),
    concurrency: 1,
    directories: [folder.directory],
    // The socket of the build, which the ports of the build lead to.
    admin: { adminSocket, adminPort: 0, readyPort: 0, metricsPort: 0, listenAddress: "" },
    extraArguments: args.slice(args.indexOf("--drain-strategy")),
  });
  try {
    expect((await ask(ready, { host: "10.0.0.1", path: asked })).status).toBe(200);
    const answer = await ask(port, { host: "api.example", path: "/v1/x" });
    expect(answer).toMatchObject({ status: 200, body: "upstream /v1/x" });
    const [command, ...words] = lifecycle.preStop.exec.command;
    const hook = words.at(-1).replace(/; sleep \d+$/, "");
    const drained = await runCommand(command, [...words.slice(0, -1), `${hook}; printf %s "$line"`]);
    expect(drained.stdout).toContain(" 200 ");
    const told = await fetch(`http://127.0.0.1:${port}/v1/x`);
    expect(told.headers.get("connection")).toBe("close");
    expect((await ask(port, { host: "api.example", path: "/other" })).status).toBe(404);
    expect(envoy.log.filter((line) => /\[(warning|error|critical)\]/.test(line))).toEqual([]);
  } finally {
    await envoy.stop();
  }
});

/** As the kubelet does, from what the generators and the Pod say. */
async function mountAs(mounted: string): Promise<void> {
  const { configMapGenerator, secretGenerator = [] } = await folder.yaml("kustomization.yaml");
  const files = await folder.files();
  const maps = new Map(
    [...configMapGenerator, ...secretGenerator].map(({ name, files: entries }) => [
      name,
      new Map(entries.map((entry: string) => entry.split("=", 2) as [string, string])),
    ]),
  );
  const { volumes } = (await folder.yaml("deployment.yaml")).spec.template.spec;
  for (const source of volumes[0].projected.sources) {
    const { name, items } = source.configMap ?? source.secret;
    for (const { key, path: to } of items) {
      const file = path.join(mounted, to);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, files.get(maps.get(name)!.get(key) as string)!);
    }
  }
}

const https = (tls: string) =>
  rules().replace(
    'servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]',
    `servers: [{ port: { number: 443, name: https, protocol: HTTPS }, hosts: ["*"], tls: { mode: SIMPLE, ${tls} } }]`,
  );

test("keys are in a Secret, and in files for their owner only", async () => {
  const authority = await Authority.create("authority");
  const pair = await authority.issue({ names: ["api.example"] });
  const input = `${https("credentialName: one")}---\n${tlsSecret("one", pair)}\n`;
  const { code, err } = await folder.export(input, ["--to", "kubernetes"]);
  expect(code, err).toBe(0);
  const { configMapGenerator, secretGenerator } = await folder.yaml("kustomization.yaml");
  expect(configMapGenerator[0].files.join()).not.toContain("sds");
  expect(secretGenerator[0].files).toHaveLength(1);
  const secret = secretGenerator[0].files[0].split("=")[1];
  expect((await stat(folder.at(secret))).mode & 0o777).toBe(0o600);
  const key = pair.key.split("\n")[1]!;
  for (const [name, bytes] of await folder.files()) {
    expect(bytes.includes(key), name).toBe(name === secret);
  }
});

test("a Secret that rules were compiled with by its folder is mounted there, and written nowhere", async () => {
  const authority = await Authority.create("authority");
  const pair = await authority.issue({ names: ["api.example"] });
  const secrets = path.join(folder.directory, "secrets");
  await mkdir(path.join(secrets, "one"), { recursive: true });
  await writeFile(path.join(secrets, "one", "tls.crt"), pair.certificate);
  await writeFile(path.join(secrets, "one", "tls.key"), pair.key);
  for (const [args, mounted] of [
    [[], ["/etc/sluice", `${secrets}/one`, "/tmp"]],
    [
      ["--rules-in", "image", "--image", "x"],
      [`${secrets}/one`, "/tmp"],
    ],
  ] as const) {
    const all = ["--to", "kubernetes", "--secrets-directory", secrets, ...args];
    const { code, err } = await folder.export(https("credentialName: one"), all);
    expect(code, err).toBe(0);
    expect(err).toBe("");
    const deployment = await folder.yaml("deployment.yaml");
    expect(() => new Deployment(deployment).validate()).not.toThrow();
    const { containers, volumes } = deployment.spec.template.spec;
    const mounts: { name: string; mountPath: string }[] = containers[0].volumeMounts;
    expect(mounts.map(({ mountPath }) => mountPath)).toEqual(mounted);
    const { name } = mounts.find(({ mountPath }) => mountPath === `${secrets}/one`)!;
    expect(volumes.find((volume: { name: string }) => volume.name === name).secret.secretName).toBe("one");
    for (const [file, bytes] of await folder.files()) {
      expect(bytes.includes(pair.key.split("\n")[1]!), file).toBe(false);
    }
  }
});

test("files that rules name themselves are told: no volume is made for them", async () => {
  const tls = "serverCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key";
  const { code, err } = await folder.export(https(tls), ["--to", "kubernetes"]);
  expect(code).toBe(0);
  for (const end of ["crt", "key"]) {
    expect(err).toContain(
      `warning: the rules use the file /etc/certs/tls.${end}; add a volume that contains it, since Envoy waits for it\n`,
    );
  }
  expect(err).not.toContain("error");
});

test("rules in an image are neither written nor mounted", async () => {
  const args = ["--to", "kubernetes", "--rules-in", "image"];
  expect((await folder.export(rules(), args)).code).toBe(2);
  const { code } = await folder.export(rules(), [...args, "--image", "registry.example/edge:1"]);
  expect(code).toBe(0);
  expect((await folder.yaml("kustomization.yaml")).configMapGenerator).toBeUndefined();
  const { spec } = (await folder.yaml("deployment.yaml")).spec.template;
  expect(spec.containers[0].image).toBe("registry.example/edge:1");
  expect(spec.volumes.map(({ name }: { name: string }) => name)).toEqual(["admin"]);
  expect([...(await folder.files()).keys()].filter((name) => name.startsWith("rules/"))).toEqual([]);
});

test("equal rules give equal files; what is no longer written goes, and what others wrote stays", async () => {
  await folder.export(rules(), ["--to", "kubernetes"]);
  const first = await folder.files();
  await writeFile(folder.at("namespace.yaml"), "kind: Namespace\n");
  await folder.export(rules(), ["--to", "kubernetes"]);
  const second = await folder.files();
  expect([...second.keys()].filter((name) => !first.has(name))).toEqual(["namespace.yaml"]);
  for (const [name, bytes] of first) {
    expect(second.get(name)!.equals(bytes), name).toBe(true);
  }

  await folder.export(rules(), ["--to", "kubernetes", "--rules-in", "image", "--image", "x"]);
  expect([...(await folder.files()).keys()].filter((name) => name.startsWith("rules/"))).toEqual([]);
  expect((await folder.files()).has("namespace.yaml")).toBe(true);
});

test("files of others are not overwritten", async () => {
  await mkdir(folder.at("."));
  await writeFile(folder.at("service.yaml"), "mine\n");
  const { code, err } = await folder.export(rules(), ["--to", "kubernetes"]);
  expect(code).toBe(2);
  expect(err).toContain('contains "service.yaml", which is not from an earlier export');
  expect(String((await folder.files()).get("service.yaml"))).toBe("mine\n");
});

test("rules that a ConfigMap cannot hold are told so, with the way out", async () => {
  // Paths that have nothing in common: a program is packed.
  const random = (i: number) => createHash("sha512").update(String(i)).digest("hex").repeat(2);
  const routes = Array.from(
    { length: 6000 },
    (_, i) =>
      `  - match: [{ uri: { exact: /${random(i)}${random(-i)} } }]\n    route: [{ destination: { host: api.example } }]\n`,
  ).join("");
  const { code, err } = await folder.export(edgeRules(80, routes), ["--to", "kubernetes"]);
  expect(code).toBe(1);
  expect(err).toMatch(/the rules have \d+ bytes, but a ConfigMap can hold only 1048576; .*--rules-in image/);
  expect(err).toContain("nothing was written");
});

test.each([
  [["--to", "kubernetes", "--proxy-labels", "a=b"], 2, "nothing to serve; no Gateway selects this proxy"],
  [["--to", "kubernetes", "--name", "No Name"], 2, "--name"],
  [["--to", "kubernetes", "--mount-path", "relative"], 2, "--mount-path"],
  [["--to", "kubernetes", "--ready-port", "0"], 2, "--ready-port"],
  [["--to", "nomad"], 2, "--to"],
  [[], 2, "--to"],
])("%j: exit %i", async (args, code, says) => {
  const outcome = await folder.export(rules(), args);
  expect(outcome.code).toBe(code);
  expect(outcome.err).toContain(says);
  expect(outcome.err).not.toMatch(/\n {4}at /);
});

test("rules with a mistake are exported nowhere", async () => {
  const outcome = await folder.export(rules().replace("prefix: /v1", "prefx: /v1"), ["--to", "kubernetes"]);
  expect(outcome.code).toBe(1);
  expect(outcome.err).toContain("nothing was written to out");
  await expect(folder.files()).rejects.toThrow();
});
