/** The example of Compose is what Compose takes, and both of its services are contained. */

import path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { runCommand } from "../../compiler/run/envoy/command.ts";

const ROOT = packageRoot().directory;
const [COMPOSE, ...COMPOSE_ARGS] = JSON.parse(
  process.env.SLUICE_TEST_COMPOSE ?? '["docker-compose"]',
) as string[];

test("Compose takes the example, and no service can do more than it must", async () => {
  const file = path.join(ROOT, "envoy", "examples", "compose", "compose.yaml");
  const args = [...COMPOSE_ARGS, "--file", file, "config"];
  const { code, stdout, stderr } = await runCommand(COMPOSE!, args, { cwd: ROOT, timeoutMs: 30_000 });
  expect(code, stderr).toBe(0);
  const { services } = parse(stdout);
  expect(Object.keys(services).sort()).toEqual(["envoy", "rules"]);
  for (const name of ["envoy", "rules"]) {
    expect(services[name]).toMatchObject({ read_only: true, cap_drop: ["ALL"] });
  }
});
