/**
 * `npm test`: sets everything up and runs every suite, in the order in which a failure is cheapest to find. The last
 * line is the sum of all of them. A suite that ran no test has failed, whatever it says itself.
 *
 *   node scripts/test.mjs [SUITE…]      SUITE: lint, filter, unit, integration, docker, kubernetes; all of them if none
 */

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { findDocker } from "./docker-engine.mjs";
import { OLDEST_ENVOY } from "./envoy-versions.mjs";
import { makeKubernetesPrograms } from "./kubernetes-programs.mjs";
import { ensureImages } from "./local-images.mjs";
import { ROOT, run, setup } from "./setup.mjs";
import { PACKAGES, runBiome, runProse, runTsc, runVitest } from "./tools.mjs";

const SUITES = {
  lint: async () => {
    const failed = [await runBiome(), await runTsc(), await runProse()].filter((code) => code !== 0).length;
    return { passed: 3 - failed, failed, skipped: 0 };
  },
  filter: () => runFilterSuite(),
  unit: () => runProject("unit"),
  integration: async () => {
    const code = await run(process.execPath, [path.join(ROOT, "dist", "envoy.js"), OLDEST_ENVOY]);
    return code === 0 ? runProject("integration") : { passed: 0, failed: 1, skipped: 0 };
  },
  docker: () => runDockerSuite(),
  kubernetes: ({ kubernetesPrograms }) => runKubernetesSuite(kubernetesPrograms),
};
/** The conformance suite, which runs once more against Envoy in Docker. */
const CONFORMANCE = "test/conformance/conformance.test.ts";

async function main() {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !(name in SUITES));
  if (unknown.length > 0) {
    console.error(
      `test: unknown suite ${unknown.join(", ")}; the suites are ${Object.keys(SUITES).join(", ")}`,
    );
    return 2;
  }
  await setup();
  const isWanted = (name) => names.length === 0 || names.includes(name);
  // What takes longest, and waits for nothing, begins first.
  const begun = { kubernetesPrograms: isWanted("kubernetes") ? makeKubernetesPrograms() : undefined };
  const total = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  for (const [name, suite] of Object.entries(SUITES)) {
    if (!isWanted(name)) {
      continue;
    }
    console.log(`\n== ${name}`);
    const start = performance.now();
    const counts = await suite(begun);
    // A suite that can't run here says why, and counts what it left out.
    if (counts.passed + counts.failed === 0 && counts.reason === undefined) {
      console.error(`${name}: no test ran`);
      counts.failed = 1;
    }
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const reason = counts.reason === undefined ? "" : `: ${counts.reason}`;
    lines.push(`${name.padEnd(12)} ${describe(counts)} (${seconds} s)${reason}`);
    for (const kind of Object.keys(total)) {
      total[kind] += counts[kind];
    }
  }
  console.log(`\n${lines.join("\n")}\n\n${describe(total)}`);
  if (total.failed > 0) {
    return 1;
  }
  // Who asked for a suite by name that can't run here did not get what they asked for.
  return total.passed === 0 ? 3 : 0;
}

function describe({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** Runs a project of Vitest; its counts come from its JSON report, what it says goes to the terminal. */
async function runProject(project, files = [], env = {}) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-test-"));
  const report = path.join(folder, "report.json");
  try {
    const args = [
      "run",
      ...files,
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ];
    const code = await runVitest(args, { env: { ...process.env, ...env } });
    const result = JSON.parse(await readFile(report, "utf8").catch(() => "{}"));
    const counts = {
      passed: result.numPassedTests ?? 0,
      failed: result.numFailedTests ?? 0,
      skipped: (result.numPendingTests ?? 0) + (result.numTodoTests ?? 0),
    };
    // A file that does not load has no tests to count, and an error outside of a test belongs to none.
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The conformance suite against Envoy in Docker, and the demo mesh in Compose, where an engine answers. */
async function runDockerSuite() {
  const { problem, engine, compose, composeVersion } = await findDocker();
  if (problem !== undefined) {
    const reason = `Docker cases did not run: ${problem}`;
    console.log(reason);
    const skipped = (await countTests("integration", [CONFORMANCE])) + (await countTests("docker"));
    return { passed: 0, failed: 0, skipped, reason };
  }
  console.log(`Docker ${engine}, ${compose.join(" ")} ${composeVersion}`);
  try {
    await ensureImages();
  } catch (error) {
    console.error(`docker: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const env = {
    ENVOY_BIN: path.join(ROOT, "test", "docker", "envoy.mjs"),
    SLUICE_ENVOY_VERSION: "",
    SLUICE_TEST_COMPOSE: JSON.stringify(compose),
  };
  const conformance = await runProject("integration", [CONFORMANCE], env);
  const demo = await runProject("docker", [], env);
  return {
    passed: conformance.passed + demo.passed,
    failed: conformance.failed + demo.failed,
    skipped: conformance.skipped + demo.skipped,
  };
}

/** What needs a real Kubernetes API server, where its programs can be made. */
async function runKubernetesSuite(made) {
  const { problem, failure } = await made;
  if (failure !== undefined) {
    return { passed: 0, failed: 1, skipped: 0, reason: failure };
  }
  if (problem !== undefined) {
    const reason = `Kubernetes tests did not run: ${problem}`;
    console.log(reason);
    return { passed: 0, failed: 0, skipped: await countTests("kubernetes"), reason };
  }
  return runProject("kubernetes");
}

async function countTests(project, files = []) {
  const args = [
    path.join(PACKAGES, "vitest", "vitest.mjs"),
    "list",
    ...files,
    "--project",
    project,
    "--json",
  ];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const text of child.stdout.setEncoding("utf8")) {
    output += text;
  }
  return JSON.parse(output.slice(output.indexOf("["))).length;
}

/** Runs as-pect; its counts are in the summary that it prints last. */
async function runFilterSuite() {
  const { code, output } = await runCaptured(process.execPath, [
    "--enable-source-maps",
    "--no-warnings",
    path.join(PACKAGES, "@as-pect", "cli", "lib", "test.js"),
    "--summary",
  ]);
  const plain = stripVTControlCharacters(output);
  const summary = [...plain.matchAll(/^\s*\[Tests\]: (\d+) \/ (\d+)\s*$/gm)].at(-1);
  const passed = Number(summary?.[1] ?? 0);
  const failed = Number(summary?.[2] ?? 0) - passed;
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped: 0 };
}

function runCaptured(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.on("error", (error) => {
      console.error(`${command}: ${error.message}`);
      resolve({ code: 1, output });
    });
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

process.exitCode = await main();
