/** Programs that give credentials: when they are run, what they are told, and what is said when they fail. */

import { expect, test } from "vitest";
import { EnvironmentError } from "../../platform/error.ts";
import { ExecPlugin } from "./exec-plugin.ts";
import { type PluginProgram, runPlugin } from "./run-plugin.ts";

const API = "client.authentication.k8s.io/v1";
const PROGRAM: PluginProgram = {
  owner: 'user "u" in /config',
  apiVersion: API,
  command: process.execPath,
  args: [],
  env: {},
  interactiveMode: "Never",
};

function answer(status: object, apiVersion = API): string {
  return JSON.stringify({ apiVersion, kind: "ExecCredential", status });
}

/** A program that gives another token each time, and a clock. */
function counted(expiresInMs?: number) {
  const clock = { now: 1_000_000, runs: 0 };
  const plugin = new ExecPlugin(PROGRAM, {
    now: () => clock.now,
    run: async () => {
      clock.runs += 1;
      const expirationTimestamp = new Date(clock.now + (expiresInMs ?? 0)).toISOString();
      return answer({ token: `t${clock.runs}`, ...(expiresInMs !== undefined && { expirationTimestamp }) });
    },
  });
  return { plugin, clock };
}

test("one run is for all who ask at once, and for all until it expires", async () => {
  const { plugin, clock } = counted(60_000);
  const all = await Promise.all([plugin.current(), plugin.current(), plugin.current()]);
  expect(all).toEqual(Array(3).fill({ authorization: "Bearer t1" }));
  clock.now += 45_000;
  expect(await plugin.current()).toEqual({ authorization: "Bearer t1" });
  clock.now += 10_000;
  expect(await plugin.current()).toEqual({ authorization: "Bearer t2" });
  expect(clock.runs).toBe(2);
});

test("what the server refuses is asked for again, once for all, and not in a hurry", async () => {
  const { plugin, clock } = counted();
  const first = await plugin.current();
  clock.now += 20_000;
  plugin.refused(first);
  const second = await plugin.current();
  expect(second).toEqual({ authorization: "Bearer t2" });
  // Another request that went out with the first one is refused only now.
  plugin.refused(first);
  // And the second is no better.
  plugin.refused(second);
  expect(await plugin.current()).toBe(second);
  expect(clock.runs).toBe(2);
});

test.each([
  ["no JSON", "secret words", "writes something that is not JSON"],
  ["another kind", "{}", "does not write an ExecCredential"],
  ["another version", answer({ token: "x" }, "v0"), 'of "v0"'],
  ["nothing", answer({}), "neither"],
  ["half a certificate", answer({ clientKeyData: "secret" }), "neither"],
  ["a number", answer({ token: 7 }), "another type than text"],
  ["two lines", answer({ token: "secret\nsecret" }), "printable"],
  ["no time", answer({ token: "x", expirationTimestamp: "soon" }), "not a time"],
  ["no certificate", answer({ clientCertificateData: "secret", clientKeyData: "secret" }), "PEM"],
])("one line for a program that writes %s", async (_, text, words) => {
  const plugin = new ExecPlugin(PROGRAM, { run: async () => text });
  const error = (await plugin.current().catch((thrown: Error) => thrown)) as Error;
  expect(error).toBeInstanceOf(EnvironmentError);
  expect(error.message).toMatch(/^user "u" in \/config: /);
  expect(error.message).toContain(words);
  expect(error.message).not.toContain("secret");
});

test("a program is run without a shell, and told what it is for", async () => {
  const script = "console.log(process.argv[1] + process.env.MINE + process.env.KUBERNETES_EXEC_INFO)";
  const text = await runPlugin({
    ...PROGRAM,
    args: ["-e", script, "$(echo no) ; no"],
    env: { MINE: "mine" },
    cluster: { server: "https://x" },
  });
  const info = {
    apiVersion: API,
    kind: "ExecCredential",
    spec: { interactive: false, cluster: { server: "https://x" } },
  };
  expect(text.trim()).toBe(`$(echo no) ; nomine${JSON.stringify(info)}`);
});

test.each([
  [
    "is missing",
    { command: "/nowhere/login", installHint: "install it\nso" },
    "is not installed; install it",
  ],
  ["may not be run", { command: "/etc/passwd" }, "may not be executed"],
  [
    "fails",
    { args: ["-e", "console.error('\\x1b[31mno\\nlog in first\\x1b[0m'); process.exit(3)"] },
    "exit code 3: log in first",
  ],
  [
    "writes without end",
    { args: ["-e", "setInterval(() => process.stdout.write('x'.repeat(1e6)), 1)"] },
    "writes more than",
  ],
  ["needs somebody", { interactiveMode: "Always" as const }, "there is no terminal"],
])("one line for a program that %s", async (_, more, words) => {
  await expect(runPlugin({ ...PROGRAM, ...more })).rejects.toThrow(words);
});
