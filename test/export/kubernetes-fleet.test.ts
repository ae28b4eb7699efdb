/** `sluice export --to kubernetes --fleet`: against the published schemas, and its bootstrap in a real Envoy. */

import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { PersistentVolumeClaim } from "kubernetes-models/v1/PersistentVolumeClaim";
import { Service } from "kubernetes-models/v1/Service";
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeProgram } from "../../compiler/cli/commands.ts";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";
import { Authority, tlsSecret } from "../harness/authority.ts";
import { ExportFolder, edgeRules } from "./folder.ts";

const RULES = edgeRules(9000, "  - route: [{ destination: { host: api.example } }]\n");
const FLEET = [
  "--to",
  "kubernetes",
  "--fleet",
  "--server-image",
  "registry.example/sluice:1",
  "--name",
  "edge",
];

let folder: ExportFolder;
beforeEach(async () => {
  folder = await ExportFolder.create();
});
afterEach(() => folder.remove());

test("a server without rights, and Envoys that join it", async () => {
  const { code, err } = await folder.export(RULES, [...FLEET, "--port-map", "80=8080"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const { resources, configMapGenerator, secretGenerator } = await folder.yaml("kustomization.yaml");
  const kinds = {
    Deployment,
    HorizontalPodAutoscaler,
    PersistentVolumeClaim,
    PodDisruptionBudget,
    Service,
    ServiceAccount,
  };
  for (const file of resources) {
    const resource = await folder.yaml(file);
    const Kind = kinds[resource.kind as keyof typeof kinds];
    expect(() => new Kind(resource).validate(), file).not.toThrow();
  }
  expect(secretGenerator).toBeUndefined();
  expect(configMapGenerator.map(({ name }: { name: string }) => name)).toEqual([
    "edge-server-rules",
    "edge-server-clients",
    "edge-bootstrap",
  ]);
  // Changed rules are no new Pod.
  expect(configMapGenerator[0].options).toEqual({ disableNameSuffixHash: true });

  const { template } = (await folder.yaml("server-deployment.yaml")).spec;
  const [server] = template.spec.containers;
  expect(template.spec.automountServiceAccountToken).toBe(false);
  expect(server.securityContext.readOnlyRootFilesystem).toBe(true);
  expect(server.readinessProbe.httpGet.path).toBe("/readyz");
  expect(server.livenessProbe.httpGet.path).toBe("/healthz");
  // What is mounted is what the server is told to read.
  const [command, rules, ...flags] = server.args as string[];
  expect([
    command,
    server.volumeMounts.find(({ name }: { name: string }) => name === "rules").mountPath,
  ]).toEqual(["serve", rules]);
  const known = makeProgram()
    .commands.find((one) => one.name() === "serve")!
    .options.map(({ long }) => long);
  expect(flags.filter((word) => word.startsWith("--") && !known.includes(word))).toEqual([]);
  expect(flags.join(" ")).toContain("--port-map 80=8080 --mesh-port 0");
});

test("an Envoy takes the bootstrap, under the name of its Pod", async () => {
  await folder.export(RULES, FLEET);
  const [envoy] = (await folder.yaml("deployment.yaml")).spec.template.spec.containers;
  const authority = await Authority.create("fleet");
  const { certificate, key } = await authority.issue({ names: ["edge"] });
  const tls = folder.at("tls");
  await mkdir(tls);
  await writeFile(path.join(tls, "ca.crt"), authority.certificate);
  await writeFile(path.join(tls, "tls.crt"), certificate);
  await writeFile(path.join(tls, "tls.key"), key);
  for (const name of ["envoy.json", "envoy.authority.json", "envoy.certificate.json"]) {
    const file = folder.at(`bootstrap/${name}`);
    const text = await readFile(file, "utf8");
    await writeFile(
      file,
      text.replaceAll("/etc/envoy/", folder.at("bootstrap/")).replaceAll("/etc/sluice-tls", tls),
    );
  }
  const binary = await findEnvoy({ log: () => {} });
  if (binary.source !== "docker") {
    const args = envoy.args.map((arg: string) =>
      arg.replace("/etc/envoy", folder.at("bootstrap")).replace("$(POD_NAME)", "edge-5b8-x"),
    );
    const { stderr } = await promisify(execFile)(binary.path, ["--mode", "validate", ...args], {
      env: { OTEL_RESOURCE_ATTRIBUTES: "service.instance.id=edge-5b8-x" },
    });
    expect(stderr).toBe("");
  }
});

test("rules with a key are a Secret, as a whole", async () => {
  const authority = await Authority.create("edge");
  const secret = tlsSecret("edge-tls", await authority.issue({ names: ["shop.example"] }));
  const rules = RULES.replace(
    'servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]',
    'servers: [{ port: { number: 443, name: https, protocol: HTTPS }, tls: { mode: SIMPLE, credentialName: edge-tls }, hosts: ["*"] }]',
  );
  const { code, err } = await folder.export(`${rules}\n---\n${secret}`, FLEET);
  expect(code, err).toBe(0);
  const { configMapGenerator, secretGenerator } = await folder.yaml("kustomization.yaml");
  expect(secretGenerator).toEqual([
    {
      name: "edge-server-rules",
      files: ["rules.yaml=rules/rules.yaml"],
      options: { disableNameSuffixHash: true },
    },
  ]);
  expect(JSON.stringify(configMapGenerator)).not.toContain("rules.yaml");
});
