/** The examples of Compose are what Compose takes, and none of their services can do more than it must. */

import path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { runCommand } from "../../compiler/run/envoy/command.ts";

const ROOT = packageRoot().directory;
const [COMPOSE, ...COMPOSE_ARGS] = JSON.parse(
  process.env.SLUICE_TEST_COMPOSE ?? '["docker-compose"]',
) as string[];

test.each([
  ["compose", ["envoy", "rules"]],
  ["fleet", ["bootstrap", "edge-1", "edge-2", "edge-3", "server"]],
])("Compose takes the example %s, and no service can do more than it must", async (example, names) => {
  const file = path.join(ROOT, "envoy", "examples", example, "compose.yaml");
  const args = [...COMPOSE_ARGS, "--file", file, "config"];
  const { code, stdout, stderr } = await runCommand(COMPOSE!, args, { cwd: ROOT, timeoutMs: 30_000 });
  expect(code, stderr).toBe(0);
  const { services } = parse(stdout);
  expect(Object.keys(services).sort()).toEqual(names);
  for (const name of names) {
    expect(services[name]).toMatchObject({ read_only: true, cap_drop: ["ALL"] });
  }
});
