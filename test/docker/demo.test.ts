/** The demo mesh of envoy/compose.yaml: it comes up, routes, is contained as promised, and a mistake in it is told. */

import { randomBytes, randomInt } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { type CommandResult, runCommand } from "../../compiler/run/envoy/command.ts";
// @ts-expect-error: a script, not typed
import { upProblem } from "../../scripts/docker-engine.mjs";
import { edgeGateway } from "../harness/edge-gateway.ts";
import { freePort } from "../harness/ports.ts";

const ROOT = packageRoot().directory;
const PROJECT = `sluice-test-${randomBytes(4).toString("hex")}`;
const [COMPOSE, ...COMPOSE_ARGS] = JSON.parse(
  process.env.SLUICE_TEST_COMPOSE ?? '["docker-compose"]',
) as string[];
/** Of the networks kept for measurements: a demo that somebody runs here has its own. */
const SUBNET = `198.18.${randomInt(256)}`;
const MINUTES = 60_000;
const PATIENCE = { timeout: 3 * MINUTES, interval: 200 };
let port: number;
let up: CommandResult;

beforeAll(async () => {
  port = await freePort();
  up = await compose(["up", "--detach", "--build"], port);
  console.log(`envoy/compose.yaml is up on port ${port}`);
}, 10 * MINUTES);

afterAll(async () => {
  await compose(["down", "--volumes", "--timeout", "2"], port);
}, 5 * MINUTES);

test("every service comes up, and says that it is well", async () => {
  expect(up.code, up.stderr.slice(-2000)).toBe(0);
  const states = async () => (await inspect()).map(({ Name, State }) => `${Name}: ${State.Health?.Status}`);
  await expect
    .poll(async () => (await states()).filter((state) => !state.endsWith(": healthy")), PATIENCE)
    .toEqual([expect.stringMatching(/rules.1: undefined$/)]);
  expect(await states()).toHaveLength(9);
});

test("a request goes through the edge, the mesh, and rules", async () => {
  const page = await fetch(`http://127.0.0.1:${port}/productpage`);
  expect(page.status).toBe(200);
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/products/0/reviews`, {
    headers: { "end-user": "jason" },
  });
  expect(await answer.json()).toMatchObject({ version: "v2" });
  expect((await fetch(`http://127.0.0.1:${port}/not-routed`)).status).toBe(404);
});

test("no container can write to its root, be root, or has a capability", async () => {
  for (const { Name, Config, HostConfig } of await inspect()) {
    expect({
      Name,
      root: Config.User === "" || /^(0|root)(:|$)/.test(Config.User),
      readOnly: HostConfig.ReadonlyRootfs,
      dropped: HostConfig.CapDrop,
      privileges: HostConfig.SecurityOpt?.some((option) => option.startsWith("no-new-privileges")),
    }).toEqual({ Name, root: false, readOnly: true, dropped: ["ALL"], privileges: true });
  }
});

test("rules with a mistake are no image, and the mistake is told", async () => {
  const args = [
    "build",
    "--force-rm",
    "--file",
    "envoy/Dockerfile",
    "--build-arg",
    "RULES=test/answers/wrong.yaml",
    ".",
  ];
  const built = await docker(args);
  expect(built.code).not.toBe(0);
  expect(built.stdout + built.stderr).toContain("test/answers/wrong.yaml");
});

test("the command line is an image, and makes others of rules anywhere", async () => {
  const cli = `${PROJECT}-cli`;
  const built = await docker(["build", "--file", "envoy/Dockerfile", "--target", "cli", "--tag", cli, "."]);
  expect(built.code, built.stderr).toBe(0);
  const mount = `${path.join(ROOT, "envoy", "bookinfo")}:/work:ro`;
  const checked = await docker(["run", "--rm", "--volume", mount, cli, "check", "rules", "registry.yaml"]);
  expect(checked.code, checked.stderr).toBe(0);
  const wrong = await docker(["run", "--rm", "--volume", mount, cli, "check", "nowhere"]);
  expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining("cannot read nowhere") });

  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-image-"));
  try {
    await mkdir(path.join(folder, "my-rules"));
    await writeFile(path.join(folder, "my-rules", "rules.yaml"), ANSWERS(418));
    const page = await readFile(path.join(ROOT, "docs", "deploying.md"), "utf8");
    const example = /```Dockerfile\n(.*?)```/s.exec(page)![1]!;
    await writeFile(path.join(folder, "Dockerfile"), example.replace("FROM sluice ", `FROM ${cli} `));
    const image = await docker(["build", "--tag", `${cli}-rules`, folder]);
    expect(image.code, image.stderr).toBe(0);
    const hardened = ["--read-only", "--tmpfs", "/dev/shm", "--cap-drop", "ALL"];
    const validated = await docker(["run", "--rm", ...hardened, `${cli}-rules`, "--mode", "validate"]);
    expect(validated.code, validated.stderr).toBe(0);
    expect(validated.stdout).toContain("configuration '/etc/sluice/envoy.json' OK");
  } finally {
    await docker(["image", "rm", "--force", `${cli}-rules`, cli]);
    await rm(folder, { recursive: true, force: true });
  }
});

test("rules from anywhere are taken up while requests run, and wrong ones are not", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-rules-"));
  // Envoy's user of the container reads them.
  await chmod(folder, 0o755);
  const compile = async (status: number) => {
    await writeFile(path.join(folder, "rules.yaml"), ANSWERS(status));
    return compose(["run", "--rm", "-T", "rules"], port, { SLUICE_RULES: folder });
  };
  try {
    const built = await compile(418);
    expect(built.code, built.stderr).toBe(0);
    const status = async () => (await fetch(`http://127.0.0.1:${port}/productpage`)).status;
    await expect.poll(status, PATIENCE).toBe(418);
    const refused = await compile(7);
    expect(refused.code).toBe(1);
    expect(refused.stdout + refused.stderr).toContain("/rules/rules.yaml:14:36");
    expect(await status()).toBe(418);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a port that is taken is one line", async () => {
  const holder = net.createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const taken = (holder.address() as net.AddressInfo).port;
  try {
    const env = { ...process.env, SLUICE_PORT: String(taken) };
    const args = [path.join(ROOT, "scripts", "start-docker.mjs"), "--once"];
    expect(
      await runCommand(process.execPath, args, { cwd: ROOT, env, timeoutMs: 4 * MINUTES }),
    ).toMatchObject({
      code: 3,
      stderr: `docker: port ${taken} of this machine is already in use; choose another with SLUICE_PORT\n`,
    });
    const published = await docker([
      "run",
      "--rm",
      "--publish",
      `127.0.0.1:${taken}:1`,
      "sluice-demo-services",
    ]);
    expect(upProblem(published.stderr, { port: taken })).toContain(
      `port ${taken} of this machine is already in use`,
    );
  } finally {
    await new Promise((resolve) => holder.close(resolve));
  }
});

test("a network that another has is one line", async () => {
  const other = `${PROJECT}-other`;
  try {
    const result = await compose(["up", "--detach", "--no-deps", "quotes"], port, {}, other);
    expect(result.code).not.toBe(0);
    expect(upProblem(result.stderr, { subnet: SUBNET })).toBe(
      `another network uses ${SUBNET}.0/24; choose another with SLUICE_SUBNET, such as 198.18.7`,
    );
  } finally {
    await compose(["down", "--volumes", "--timeout", "2"], port, {}, other);
  }
});

test("SLUICE_SUBNET that is none is one line", async () => {
  const args = ["run", "--rm", "--env", "SLUICE_SUBNET=10.0.0.0/8", "sluice-demo-rules"];
  expect(await docker(args)).toMatchObject({
    code: 2,
    stderr:
      'SLUICE_SUBNET: "10.0.0.0/8" is not valid; use the first three numbers of a network, such as 198.51.100\n',
  });
});

test("what is in flight ends before Envoy is stopped", async () => {
  // The rules before: a delay of two seconds for jason.
  expect((await compose(["run", "--rm", "-T", "rules"], port)).code).toBe(0);
  const url = `http://127.0.0.1:${port}/api/v1/products/0/reviews`;
  const asked = (onSent = () => {}) =>
    new Promise<number>((resolve, reject) => {
      const request = http.get(url, { agent: false, headers: { "end-user": "jason" } }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      request.once("finish", onSent);
      request.once("error", reject);
    });
  await expect.poll(() => asked(), PATIENCE).toBe(200);
  const all: Promise<number>[] = [];
  const sent = () => new Promise<void>((onSent) => void all.push(asked(onSent)));
  await Promise.all(Array.from({ length: 5 }, sent));
  // From the kernel through the engine to Envoy, where each is delayed by four times as long.
  await sleep(500);
  const stopped = await compose(["stop", "envoy"], port);
  expect(stopped.code, stopped.stderr).toBe(0);
  expect(await Promise.all(all)).toEqual([200, 200, 200, 200, 200]);
});

const ANSWERS = (status: number) => `${edgeGateway(8080)}apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: all }
spec:
  hosts: ["*"]
  gateways: [edge]
  http: [{directResponse: {status: ${status}}}]
`;

interface Container {
  readonly Name: string;
  readonly State: { readonly Health?: { readonly Status: string } };
  readonly Config: { readonly User: string };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
  };
}

async function inspect(): Promise<Container[]> {
  const { stdout } = await docker([
    "ps",
    "--all",
    "--quiet",
    "--filter",
    `label=com.docker.compose.project=${PROJECT}`,
  ]);
  return JSON.parse((await docker(["inspect", ...stdout.trim().split("\n")])).stdout);
}

function compose(
  args: readonly string[],
  publishedPort: number,
  variables: NodeJS.ProcessEnv = {},
  project = PROJECT,
): Promise<CommandResult> {
  const file = path.join(ROOT, "envoy", "compose.yaml");
  const all = [...COMPOSE_ARGS, "--file", file, "--project-name", project, ...args];
  const env = { ...process.env, SLUICE_PORT: String(publishedPort), SLUICE_SUBNET: SUBNET, ...variables };
  return runCommand(COMPOSE!, all, { cwd: ROOT, env, timeoutMs: 9 * MINUTES });
}

function docker(args: readonly string[]): Promise<CommandResult> {
  const env = { ...process.env, DOCKER_BUILDKIT: "0" };
  return runCommand("docker", args, { cwd: ROOT, env, timeoutMs: 4 * MINUTES });
}
