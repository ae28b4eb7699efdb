/** The cases of this folder, each in a real Envoy, for both targets. README.md says how to write one. */

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { linesByName } from "../../compiler/answers/cases/headers.ts";
import { fromClient } from "../../compiler/answers/request/from-client.ts";
import type { HeaderLine } from "../../compiler/answers/request/wire.ts";
import type { Listener } from "../../compiler/ir/ir.ts";
import type { Target } from "../../compiler/options.ts";
import type { Way } from "../../compiler/run/stand-in/client.ts";
import { proxyLine } from "../../compiler/run/stand-in/proxy-line.ts";
import { askHttp2, askRaw, Connection, formatRequest } from "../harness/client.ts";
import {
  type Answer,
  answerOf,
  copiesOf,
  copyDifferences,
  differences,
  leakedHeaders,
  shareDifferences,
} from "../harness/expect.ts";
import { Mesh } from "../harness/mesh.ts";
import { TARGETS } from "../harness/targets.ts";
import { type Case, type Check, readCases, WORLD } from "./format.ts";

const CASES = readCases();
/** What an upstream is to get, it gets within that on the busiest machine. */
const COPIES_TIMEOUT_MS = 30_000;
const COPIES_QUIET_MS = 60;
/** A machine may be slower than a rule allows, but not each time. */
const MOST_TIMES = 6;

describe.each(TARGETS)("target %s", (target) => {
  let mesh: Mesh;

  beforeAll(async () => {
    mesh = await Mesh.create({ target });
  });

  afterAll(async () => {
    await mesh?.close();
  });

  for (const [file, all] of CASES) {
    const cases = all.filter(({ targets }) => targets.includes(target));
    // A suite without tests would fail.
    if (cases.length === 0) {
      continue;
    }
    describe(file, () => {
      for (const one of cases) {
        test(one.name, () => runCase(mesh, one, target));
      }
    });
  }
});

async function runCase(mesh: Mesh, { rules, proxy, warnings, checks }: Case, target: Target): Promise<void> {
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
    const listener = compilation!.config.listeners.find(({ name }) => name === check.at);
    const ask = () =>
      runCheck(mesh, { port, listener }, check, target).catch((error: Error) => [error.message]);
    let found = await ask();
    for (let time = 1; time < MOST_TIMES && found.length > 0 && isAboutTime(check); time++) {
      mesh.upstream.reset();
      found = await ask();
    }
    lines.push(...found.map((line) => `${where}: ${line}`));
  }
  expect(lines.length, lines.join("\n")).toBe(0);
}

function isAboutTime({ expect }: Check): boolean {
  return expect.elapsedMs !== undefined;
}

/** Where a check is asked; a socket without HTTP has no listener. */
interface Door {
  readonly port: number;
  readonly listener: Listener | undefined;
}

async function runCheck(mesh: Mesh, door: Door, check: Check, target: Target): Promise<string[]> {
  const seenBefore = mesh.upstream.requests.length;
  const answers = await askAll(mesh, door, check);
  const lines: string[] = [];
  const requests = () => mesh.upstream.requests.slice(seenBefore);
  const clustersOf = (endpoint: string) => mesh.clustersOf(endpoint);
  if (check.expect.copies !== undefined || check.shares?.copies !== undefined) {
    const answered = answers.filter(({ upstream }) => upstream !== undefined).length;
    await stillness(() => requests().length, answered + (check.expect.copies?.length ?? 0));
  }
  const copies = copiesOf(requests(), answers);
  if (check.expect.copies !== undefined) {
    lines.push(...copyDifferences(copies, check.expect.copies, clustersOf));
  }
  if (check.shares) {
    const clusters = copies.map(({ endpoint }) => clustersOf(endpoint)[0] ?? endpoint);
    lines.push(...shareDifferences(answers, check.shares, clusters));
  }
  const seen = [...requests(), ...answers.map(({ response }) => response)].map(({ headers }) => headers);
  // The native target knows no headers of ours but those two, and passes on what it does not know.
  lines.push(...leakedHeaders(seen, target === "native" ? Object.keys(check.headers) : []));
  for (const answer of answers) {
    lines.push(...differences(answer, check.expect));
  }
  const { attempts } = check.expect;
  if (attempts !== undefined) {
    // What the proxy has given up may be answered before the upstream has read it.
    if (requests().length < attempts) {
      await stillness(() => requests().length, attempts);
    }
    if (requests().length !== attempts) {
      lines.push(`attempts: expected ${attempts}, got ${requests().length}`);
    }
  }
  return [...new Set(lines)];
}

/** Nobody waits for a copy, so it may come after the answer: waits for as many requests, then for one too many. */
async function stillness(count: () => number, expected: number): Promise<void> {
  const deadline = Date.now() + COPIES_TIMEOUT_MS;
  while (count() < expected && Date.now() < deadline) {
    await sleep(10);
  }
  await sleep(COPIES_QUIET_MS);
}

async function askAll(mesh: Mesh, { port, listener }: Door, check: Check): Promise<Answer[]> {
  const answer = (response: Answer["response"]) =>
    answerOf(response, (endpoint) => mesh.clustersOf(endpoint));
  if (check.raw !== undefined) {
    return [answer(await askRaw(port, Buffer.from(check.raw, "latin1")))];
  }
  const { headers, way } = wayOf(check, listener);
  const { method, host, path } = check.ask!;
  const request = {
    method,
    host: mesh.own(host),
    path,
    headers,
    ...(check.body !== undefined && { body: check.body }),
  };
  if (check.http === "2") {
    return [answer(await askHttp2(port, request, false, way))];
  }
  if (check.together) {
    const all = Array.from({ length: check.times }, () =>
      askRaw(port, formatRequest(request), method === "HEAD", way),
    );
    return (await Promise.all(all)).map(answer);
  }
  const answers: Answer[] = [];
  const connection = await Connection.open(port, undefined, way);
  try {
    for (let i = 0; i < check.times; i++) {
      answers.push(answer(await connection.request(request)));
    }
  } finally {
    connection.close();
  }
  return answers;
}

/** How the client of a check comes to a listener, and what the proxies between the two say of it. */
function wayOf(
  { from, headers }: Check,
  listener: Listener | undefined,
): Pick<Check, "headers"> & { readonly way: Way } {
  if (listener === undefined) {
    return { headers, way: {} };
  }
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((line): HeaderLine => [name, line as string]),
  );
  const sent = fromClient({ headers: lines, ...(from !== undefined && { from }) }, listener);
  return {
    headers: linesByName(sent.headers),
    way: listener.proxyProtocol ? { preface: proxyLine(sent.connection) } : { localAddress: sent.connection },
  };
}
