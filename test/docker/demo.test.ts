/** The demo mesh of envoy/compose.yaml: it comes up, routes, is contained as promised, and a mistake in it is told. */

import { randomBytes } from "node:crypto";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CommandResult, runCommand } from "../../compiler/runtime/command.ts";
import { packageRoot } from "../../compiler/runtime/index.ts";
import { freePort } from "../harness/ports.ts";

const ROOT = packageRoot().directory;
const PROJECT = `sluice-test-${randomBytes(4).toString("hex")}`;
const [COMPOSE, ...COMPOSE_ARGS] = JSON.parse(
  process.env.SLUICE_TEST_COMPOSE ?? '["docker-compose"]',
) as string[];
const MINUTES = 60_000;
let port: number;
let up: CommandResult;

beforeAll(async () => {
  port = await freePort();
  up = await compose(["up", "--detach", "--build"], port);
  console.log(`envoy/compose.yaml is up on port ${port}`);
}, 10 * MINUTES);

afterAll(async () => {
  await compose(["down", "--volumes", "--timeout", "2"], port);
}, MINUTES);

test("every service comes up, and says that it is well", async () => {
  expect(up.code, up.stderr.slice(-2000)).toBe(0);
  const deadline = Date.now() + 30_000;
  let states: string[];
  do {
    await sleep(200);
    states = (await inspect()).map(({ Name, State }) => `${Name}: ${State.Health?.Status}`);
  } while (states.some((state) => !state.endsWith(": healthy")) && Date.now() < deadline);
  expect(states).toHaveLength(8);
  expect(states.filter((state) => !state.endsWith(": healthy"))).toEqual([]);
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

test("rules with a mistake are no image, and the mistake is told", { timeout: 5 * MINUTES }, async () => {
  const args = ["build", "--file", "envoy/Dockerfile", "--build-arg", "RULES=test/answers/wrong.yaml", "."];
  const built = await docker(args);
  expect(built.code).not.toBe(0);
  expect(built.stdout + built.stderr).toContain("test/answers/wrong.yaml");
});

test("a port that is taken is told", { timeout: MINUTES }, async () => {
  const holder = net.createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const taken = (holder.address() as net.AddressInfo).port;
  try {
    const args = ["run", "--rm", "--publish", `127.0.0.1:${taken}:8080`, "sluice-demo-envoy"];
    const result = await docker(args);
    expect(result.code).not.toBe(0);
    expect(result.stderr).toMatch(new RegExp(`${taken}.*(in use|already allocated)`));
  } finally {
    await new Promise((resolve) => holder.close(resolve));
  }
});

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

function compose(args: readonly string[], publishedPort: number): Promise<CommandResult> {
  const file = path.join(ROOT, "envoy", "compose.yaml");
  const all = [...COMPOSE_ARGS, "--file", file, "--project-name", PROJECT, ...args];
  const env = { ...process.env, SLUICE_PORT: String(publishedPort) };
  return runCommand(COMPOSE!, all, { cwd: ROOT, env, timeoutMs: 9 * MINUTES });
}

function docker(args: readonly string[]): Promise<CommandResult> {
  const env = { ...process.env, DOCKER_BUILDKIT: "0" };
  return runCommand("docker", args, { cwd: ROOT, env, timeoutMs: 4 * MINUTES });
}
