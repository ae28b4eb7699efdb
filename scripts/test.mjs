/**
 * `npm test`: sets everything up and runs every suite, in the order in which a failure is cheapest to find. The last
 * line is the sum of all of them. A suite that ran no test has failed, whatever it says itself. Tests that failed once and
 * then passed are named (scripts/vitest-project.mjs).
 *
 * The suite `docker` waits for containers most of its time, so it runs beside those that compute; they give way to it. So does
 * `browser` beside `kubernetes`, which waits for an API server. What such a suite says is shown when its turn comes.
 *
 *   node scripts/test.mjs [SUITE…]      SUITE: lint, filter, unit, docker, integration, kubernetes, browser; all of them if none
 */

import { spawn } from "node:child_process";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { findChromium } from "./chromium.mjs";
import { findDocker } from "./docker-engine.mjs";
import { OLDEST_ENVOY } from "./envoy-versions.mjs";
import { makeKubernetesPrograms } from "./kubernetes-programs.mjs";
import { ensureImages } from "./local-images.mjs";
import { ROOT, run, setup } from "./setup.mjs";
import { PACKAGES, runBiome, runProse, runTsc } from "./tools.mjs";
import { runProject } from "./vitest-project.mjs";

const SUITES = {
  lint: async () => {
    const failed = [await runBiome(), await runTsc(), await runProse()].filter((code) => code !== 0).length;
    return { passed: 3 - failed, failed, skipped: 0 };
  },
  filter: () => runFilterSuite(),
  unit: ({ docker }) => runProject("unit", { givesWay: docker !== undefined }),
  docker: async ({ docker }) => {
    const { said, ...counts } = await docker;
    console.log(said.join("\n"));
    return counts;
  },
  integration: async ({ envoys }) =>
    (await envoys) === 0 ? runProject("integration") : { passed: 0, failed: 1, skipped: 0 },
  kubernetes(begun) {
    begun.browser?.();
    return runKubernetesSuite(begun.kubernetesPrograms);
  },
  browser: async ({ browser }) => {
    const { said, ...counts } = await browser();
    console.log(said);
    return counts;
  },
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
  const envoys = isWanted("integration") || isWanted("browser") ? installEnvoys() : undefined;
  const begun = {
    kubernetesPrograms: isWanted("kubernetes") ? makeKubernetesPrograms() : undefined,
    envoys,
    docker: isWanted("docker") ? beginDockerSuite(envoys) : undefined,
    browser: isWanted("browser") ? once(() => beginBrowserSuite(envoys)) : undefined,
  };
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
    const seconds = ((counts.took ?? performance.now() - start) / 1000).toFixed(1);
    const reason = counts.reason === undefined ? "" : `: ${counts.reason}`;
    lines.push(`${name.padEnd(12)} ${describe(counts)} (${seconds} s)${reason}`);
    for (const test of counts.unsteady ?? []) {
      lines.push(`  unsteady: ${test}: it failed, and passed when its file ran again`);
    }
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

/** The exit code of the program that installs both versions of Envoy. */
function installEnvoys() {
  return run(process.execPath, [path.join(ROOT, "dist", "envoy.js"), OLDEST_ENVOY]);
}

/** Its counts, how long it took (ms), and the lines that it `said`. Needs the Envoys, if they are being installed. */
async function beginDockerSuite(envoys) {
  await envoys;
  const start = performance.now();
  const said = [];
  const counts = await runDockerSuite(said).catch((error) => {
    said.push(`docker: ${error.stack}`);
    return { passed: 0, failed: 1, skipped: 0 };
  });
  return { ...counts, took: performance.now() - start, said };
}

/** The conformance suite against Envoy in Docker, and the demo mesh in Compose, where an engine answers. */
async function runDockerSuite(said) {
  const { problem, engine, compose, composeVersion } = await findDocker();
  if (problem !== undefined) {
    const reason = `Docker cases did not run: ${problem}`;
    said.push(reason);
    const skipped = (await countTests("integration", [CONFORMANCE])) + (await countTests("docker"));
    return { passed: 0, failed: 0, skipped, reason };
  }
  said.push(`Docker ${engine}, ${compose.join(" ")} ${composeVersion}`);
  try {
    await ensureImages({ log: (line) => said.push(line) });
  } catch (error) {
    said.push(`docker: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const env = {
    ENVOY_BIN: path.join(ROOT, "test", "docker", "envoy.mjs"),
    SLUICE_ENVOY_VERSION: "",
    SLUICE_TEST_COMPOSE: JSON.stringify(compose),
  };
  // Both wait for containers.
  const parts = await Promise.all([
    runProject("integration", { files: [CONFORMANCE], env, beside: true }),
    runProject("docker", { env, beside: true }),
  ]);
  said.push(...parts.map((part) => part.said));
  const sum = (kind) => parts.reduce((total, part) => total + part[kind], 0);
  const unsteady = parts.flatMap((part) => part.unsteady);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped"), unsteady };
}

/** What looks at the page as a browser shows it, where there is one. As `beginDockerSuite`. */
async function beginBrowserSuite(envoys) {
  const start = performance.now();
  const { problem } = await findChromium();
  if (problem !== undefined) {
    const reason = `browser tests did not run: ${problem}`;
    const skipped = await countTests("browser", ["--static-parse"]);
    return { passed: 0, failed: 0, skipped, reason, said: reason };
  }
  const counts =
    (await envoys) === 0
      ? await runProject("browser", { beside: true })
      : { passed: 0, failed: 1, skipped: 0, said: "browser: no Envoy could be installed" };
  return { ...counts, took: performance.now() - start };
}

function once(begin) {
  let begun;
  return () => {
    begun ??= begin();
    return begun;
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
    return { passed: 0, failed: 0, skipped: await countTests("kubernetes", ["--static-parse"]), reason };
  }
  return runProject("kubernetes");
}

/** `more`: files, or options. */
async function countTests(project, more = []) {
  const args = [path.join(PACKAGES, "vitest", "vitest.mjs"), "list", ...more, "--project", project, "--json"];
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
