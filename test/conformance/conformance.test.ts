/** The cases of this folder, each in a real Envoy, for both targets. README.md says how to write one. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Target } from "../../compiler/options.ts";
import { askHttp2, askRaw, Connection, formatRequest } from "../harness/client.ts";
import { type Answer, answerOf, differences, shareDifferences } from "../harness/expect.ts";
import { Mesh } from "../harness/mesh.ts";
import { type Case, type Check, readCases, WORLD } from "./format.ts";

const TARGETS: readonly Target[] = ["wasm", "native"];
const CASES = readCases();

describe.each(TARGETS)("target %s", (target) => {
  let mesh: Mesh;

  beforeAll(async () => {
    mesh = await Mesh.create({ target });
  });

  afterAll(async () => {
    await mesh?.close();
  });

  for (const [file, cases] of CASES) {
    describe(file, () => {
      for (const one of cases.filter(({ targets }) => targets.includes(target))) {
        test(one.name, () => runCase(mesh, one));
      }
    });
  }
});

async function runCase(mesh: Mesh, { rules, proxy, warnings, checks }: Case): Promise<void> {
  const { diagnostics, compilation, ports } = await mesh.apply([WORLD, rules], {
    proxy: { proxyNamespace: "shop", ...proxy },
  });
  expect(
    diagnostics.map(({ code }) => code).sort(),
    diagnostics.map(({ message }) => message).join("\n"),
  ).toEqual([...warnings].sort());
  expect(compilation).toBeDefined();
  const lines: string[] = [];
  for (const [i, check] of checks.entries()) {
    const port = ports.get(check.at);
    const where = `check ${i + 1} (${check.ask ? `${check.ask.method} http://${check.ask.host}${check.ask.path}` : "raw"})`;
    if (port === undefined) {
      lines.push(`${where}: no listener ${check.at}; there are ${[...ports.keys()].join(", ") || "none"}`);
      continue;
    }
    const found = await runCheck(mesh, port, check).catch((error: Error) => [error.message]);
    lines.push(...found.map((line) => `${where}: ${line}`));
  }
  expect(lines.length, lines.join("\n")).toBe(0);
}

async function runCheck(mesh: Mesh, port: number, check: Check): Promise<string[]> {
  const seenBefore = mesh.upstream.requests.length;
  const answers = await askAll(mesh, port, check);
  const lines = check.shares ? shareDifferences(answers, check.shares) : [];
  for (const answer of answers) {
    lines.push(...differences(answer, check.expect));
  }
  const tries = mesh.upstream.requests.length - seenBefore;
  if (check.expect.attempts !== undefined && tries !== check.expect.attempts) {
    lines.push(`attempts: expected ${check.expect.attempts}, got ${tries}`);
  }
  return [...new Set(lines)];
}

async function askAll(mesh: Mesh, port: number, check: Check): Promise<Answer[]> {
  const answer = (response: Answer["response"]) =>
    answerOf(response, (endpoint) => mesh.clustersOf(endpoint));
  if (check.raw !== undefined) {
    return [answer(await askRaw(port, Buffer.from(check.raw, "latin1")))];
  }
  const { method, host, path } = check.ask!;
  const request = {
    method,
    host,
    path,
    headers: check.headers,
    ...(check.body !== undefined && { body: check.body }),
  };
  if (check.http === "2") {
    return [answer(await askHttp2(port, request))];
  }
  if (check.together) {
    const all = Array.from({ length: check.times }, () =>
      askRaw(port, formatRequest(request), method === "HEAD"),
    );
    return (await Promise.all(all)).map(answer);
  }
  const answers: Answer[] = [];
  const connection = await Connection.open(port);
  try {
    for (let i = 0; i < check.times; i++) {
      answers.push(answer(await connection.request(request)));
    }
  } finally {
    connection.close();
  }
  return answers;
}
