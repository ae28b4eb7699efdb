/** The command line as users meet it: the built program, its exit codes, and what it leaves behind. */

import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, get, type Server } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Authority, tlsSecret } from "../harness/authority.ts";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";
import { freePort } from "../harness/ports.ts";
import { launch, type Outcome, outcomeOf } from "../harness/sluice.ts";

let folder: string;
let temporary: string;
const children: ChildProcess[] = [];
const servers: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-cli-test-"));
  temporary = path.join(folder, "tmp");
  await mkdir(temporary);
  await mkdir(path.join(folder, "runtime"));
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("close", resolve));
    }
  }
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
});

/** Everything the program makes for a time goes into our own folder, so that what it leaves is seen. */
function spawnSluice(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  // A program that is killed leaves the socket by which others attach, which the next one sweeps.
  const runtime = path.join(folder, "runtime");
  const own = { TMPDIR: temporary, XDG_RUNTIME_DIR: runtime, NO_COLOR: "", FORCE_COLOR: "" };
  const child = launch(args, folder, { ...process.env, ...own, ...env });
  children.push(child);
  return child;
}

function sluice(args: readonly string[], input = "", env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return outcomeOf(spawnSluice(args, env), input);
}

async function backend(name: string): Promise<number> {
  const server = createHttpServer(KEPT_CONNECTIONS, (_request, response) => void response.end(name));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Two services, `one` and `two`, and a rule for `shop.example` that sends everything to one of them. */
function rules(target: "one" | "two", ports: { one: number; two: number }): string {
  const entry = (name: "one" | "two") => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: default }
spec:
  hosts: [${name}.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: 127.0.0.1, ports: { http: ${ports[name]} } }]
`;
  return [
    entry("one"),
    entry("two"),
    `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: default }
spec:
  hosts: [shop.example]
  http:
    - route: [{ destination: { host: ${target}.example, port: { number: 80 } } }]
`,
  ].join("---");
}

const PORTS = { one: 1, two: 2 };
const write = (name: string, text: string) => writeFile(path.join(folder, name), text);

describe("a wrong call exits with 2", () => {
  test.each([
    [[]],
    [["frobnicate"]],
    [["check"]],
    [["build", "rules.yaml"]],
    [["check", "rules.yaml", "--nonsense"]],
    [["check", "rules.yaml", "--format", "xml"]],
    [["check", "rules.yaml", "--mesh-port", "http"]],
    [["check", "rules.yaml", "--config", "none.yaml"]],
    [["run", "-", "--watch"]],
    [["inspect"]],
    [["inspect", "none.blob"]],
  ])("%j", async (args) => {
    await write("rules.yaml", rules("one", PORTS));
    const { code, out, err } = await sluice(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).not.toBe("");
    expect(err).not.toMatch(/\n\s+at /);
  });

  test("and a wrong flag names the near one", async () => {
    const { err } = await sluice(["build", "x", "--listen-adress", "127.0.0.1"]);
    expect(err).toContain("--listen-address");
  });
});

test.each([[["--help"]], [["help", "run"]], [["build", "--help"]], [["--version"]]])(
  "%j exits with 0",
  async (args) => {
    const { code, out, err } = await sluice(args);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).not.toBe("");
  },
);

describe("check", () => {
  test("is content with good rules, also from standard input", async () => {
    await write("rules.yaml", rules("one", PORTS));
    expect(await sluice(["check", "rules.yaml"])).toMatchObject({ code: 0, err: "" });
    expect(await sluice(["check", "-"], rules("one", PORTS))).toMatchObject({ code: 0, err: "" });
  });

  test.each(["text", "json"])("finds errors and exits with 1 (%s)", async (format) => {
    await write("rules.yaml", rules("one", PORTS).replace("hosts: [shop.example]", "hosts: 7"));
    const { code, out } = await sluice(["check", "rules.yaml", "--format", format]);
    expect(code).toBe(1);
    if (format === "json") {
      const { diagnostics, summary } = JSON.parse(out);
      expect(summary.errors).toBeGreaterThan(0);
      expect(diagnostics[0]).toMatchObject({ level: "error", file: "rules.yaml", line: 24 });
    } else {
      expect(out).toContain("rules.yaml:24:");
    }
  });

  test("reports JSON also when nothing is wrong", async () => {
    await write("rules.yaml", rules("one", PORTS));
    const { out } = await sluice(["check", "rules.yaml", "--format", "json"]);
    expect(JSON.parse(out)).toMatchObject({ summary: { errors: 0, warnings: 0 } });
  });

  test("tells which listeners --target auto leaves to Envoy's own routes, which is no warning", async () => {
    await write("rules.yaml", rules("one", PORTS));
    const { code, out } = await sluice(["check", "rules.yaml", "--strict", "--target", "auto"]);
    expect(code).toBe(0);
    expect(out).toContain("[SL0601]");
    expect((await sluice(["check", "rules.yaml"])).out).not.toContain("SL0601");
  });

  test("counts warnings as errors when it is strict", async () => {
    await write("rules.yaml", rules("one", PORTS).replace("host: one.example", "host: oen.example"));
    expect((await sluice(["check", "rules.yaml"])).code).toBe(0);
    expect((await sluice(["check", "rules.yaml", "--strict"])).code).toBe(1);
  });

  test("has colours when they are forced, and none in a pipe", async () => {
    await write("rules.yaml", "kind: [");
    expect((await sluice(["check", "rules.yaml"])).out).not.toContain("\u001b[");
    expect((await sluice(["check", "rules.yaml"], "", { FORCE_COLOR: "1" })).out).toContain("\u001b[");
  });

  test("does not crash when nobody reads on", async () => {
    await write("rules.yaml", "- x\n---\n".repeat(5_000));
    const child = spawnSluice(["check", "rules.yaml"]);
    let err = "";
    child.stderr!.on("data", (text) => {
      err += text;
    });
    child.stdout!.once("data", () => child.stdout!.destroy());
    await new Promise((resolve) => child.once("close", resolve));
    expect(err).toBe("");
  });
});

describe("build", () => {
  test("writes everything that the manifest names", async () => {
    await write("rules.yaml", rules("one", PORTS));
    expect((await sluice(["build", "rules.yaml", "--out", "out"])).code).toBe(0);
    const manifest = JSON.parse(await readFile(path.join(folder, "out", "manifest.json"), "utf8"));
    expect(Object.keys(manifest.files)).toEqual(
      expect.arrayContaining([
        "envoy.json",
        "filter.wasm",
        "routes/mesh.blob",
        "xds/cds.json",
        "xds/lds.json",
      ]),
    );
    for (const [name, { bytes }] of Object.entries<{ bytes: number }>(manifest.files)) {
      expect((await readFile(path.join(folder, "out", name))).length).toBe(bytes);
    }
    const { code, out } = await sluice(["inspect", "out/routes/mesh.blob", "--format", "json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out).size).toBe(manifest.files["routes/mesh.blob"].bytes);
  });

  test("twice from the same rules gives the same bytes", async () => {
    await write("rules.yaml", rules("one", PORTS));
    await sluice(["build", "rules.yaml", "--out", "a", "--mounted-at", "/etc/sluice"]);
    await sluice(["build", "rules.yaml", "--out", "b", "--mounted-at", "/etc/sluice"]);
    const [a, b] = await Promise.all(
      ["a", "b"].map((name) => readFile(path.join(folder, name, "manifest.json"))),
    );
    expect(a).toEqual(b);
    const again = await sluice([
      "build",
      "rules.yaml",
      "--out",
      "a",
      "--mounted-at",
      "/etc/sluice",
      "--format",
      "json",
    ]);
    expect(JSON.parse(again.out)).toMatchObject({ written: true, changed: false });
  });

  test("writes nothing when there are errors", async () => {
    await write("rules.yaml", rules("one", PORTS));
    await sluice(["build", "rules.yaml", "--out", "out"]);
    const before = await readFile(path.join(folder, "out", "manifest.json"), "utf8");
    await write("rules.yaml", rules("two", PORTS).replace("hosts: [shop.example]", "hosts: 7"));
    expect((await sluice(["build", "rules.yaml", "--out", "out"])).code).toBe(1);
    expect(await readFile(path.join(folder, "out", "manifest.json"), "utf8")).toBe(before);
    expect((await sluice(["build", "rules.yaml", "--out", "new"])).code).toBe(1);
    expect(await readdir(folder)).not.toContain("new");
  });

  test("refuses keys of documents for a build that others will read", async () => {
    const authority = await Authority.create("authority");
    const pair = await authority.issue({ names: ["shop.example"] });
    const gateway = `---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 443, name: https, protocol: HTTPS }, hosts: ["*"], tls: { mode: SIMPLE, credentialName: one } }]
`;
    await write("rules.yaml", `${rules("one", PORTS)}${gateway}`);
    await write("secret.yaml", tlsSecret("one", pair));
    const refused = await sluice(["build", "rules.yaml", "secret.yaml", "--no-keys", "--out", "out"]);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("kubernetes://default/one") });
    expect(await readdir(folder)).not.toContain("out");

    await mkdir(path.join(folder, "secrets", "one"), { recursive: true });
    await write("secrets/one/tls.crt", pair.certificate);
    await write("secrets/one/tls.key", pair.key);
    const mounted = ["build", "rules.yaml", "--secrets-directory", "secrets", "--no-keys", "--out", "out"];
    expect((await sluice(mounted)).code).toBe(0);
  });

  test("refuses a directory of somebody else", async () => {
    await write("rules.yaml", rules("one", PORTS));
    await mkdir(path.join(folder, "out"));
    await write("out/thesis.txt", "mine");
    expect((await sluice(["build", "rules.yaml", "--out", "out"])).code).toBe(2);
    expect(await readdir(path.join(folder, "out"))).toEqual(["thesis.txt"]);
  });

  test("exits with 3 when the file system refuses", async () => {
    await write("rules.yaml", rules("one", PORTS));
    await write("file", "");
    expect((await sluice(["build", "rules.yaml", "--out", "file/out"])).code).toBe(3);
  });

  test("prints the IR", async () => {
    const { code, out } = await sluice(["build", "-", "--print", "ir"], rules("one", PORTS));
    expect(code).toBe(0);
    expect(JSON.parse(out).listeners).toHaveLength(1);
  });
});

test("inspect refuses what is no blob, with 1", async () => {
  await write("x.blob", "not a blob");
  expect((await sluice(["inspect", "x.blob"])).code).toBe(1);
});

interface Event {
  readonly event: string;
  readonly pid?: number;
  readonly admin?: string;
  readonly message?: string;
  readonly words?: readonly string[];
}

/** A running `sluice run --format json`, and what it says. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawnSluice(["run", ...args, "--format", "json"], env);
  const events: Event[] = [];
  let err = "";
  createInterface({ input: child.stdout! }).on("line", (line) => events.push(JSON.parse(line) as Event));
  child.stderr!.on("data", (text) => {
    err += text;
  });
  let isOver = false;
  const closed = new Promise<number | null>((resolve) =>
    child.once("close", (code) => {
      isOver = true;
      resolve(code);
    }),
  );
  return {
    child,
    events,
    closed,
    err: () => err,
    async next(name: string, after = 0): Promise<Event> {
      const deadline = Date.now() + 40_000;
      while (Date.now() < deadline) {
        const isLast = isOver;
        const found = events.slice(after).find(({ event }) => event === name);
        if (found !== undefined) {
          return found;
        }
        if (isLast) {
          break;
        }
        await sleep(20);
      }
      throw new Error(`no event ${name}: ${JSON.stringify(events.slice(after))} ${err}`);
    },
  };
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** A process that has ended is listed until somebody asks how it ended; nobody does after its parent was killed. */
const isServing = (pid: number) => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return existsSync("/proc/self") ? false : isAlive(pid);
  }
};

/** Asks the mesh listener for `shop.example`. */
function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, headers: { host: "shop.example" }, agent: false }, (response) => {
      let body = "";
      response.on("data", (text) => {
        body += text;
      });
      response.on("end", () => resolve(response.statusCode === 200 ? body : `status ${response.statusCode}`));
    }).on("error", reject);
  });
}

describe("run", () => {
  let ports: { one: number; two: number };
  let mesh: number;
  let flags: string[];

  beforeEach(async () => {
    ports = { one: await backend("one"), two: await backend("two") };
    mesh = await freePort();
    flags = ["rules.yaml", "--mesh-port", String(mesh)];
    await write("rules.yaml", rules("one", ports));
  });

  test.each(["SIGINT", "SIGTERM"] as const)("serves until %s, and leaves nothing", async (signal) => {
    const running = start(flags);
    const { pid } = await running.next("serving");
    expect(await ask(mesh)).toBe("one");
    running.child.kill(signal);
    expect(await running.closed).toBe(0);
    expect(isAlive(pid!)).toBe(false);
    expect(await readdir(temporary)).toEqual([]);
  });

  test("takes Envoy along when it is killed", async () => {
    const running = start(flags);
    const { pid } = await running.next("serving");
    running.child.kill("SIGKILL");
    await running.closed;
    await expect.poll(() => isServing(pid!)).toBe(false);
    await expect.poll(() => readdir(temporary)).toEqual([]);
    await expect(ask(mesh)).rejects.toThrow();
  });

  test("ends with 3 and Envoy's end when Envoy dies", async () => {
    const running = start(flags);
    const { pid } = await running.next("serving");
    process.kill(pid!, "SIGKILL");
    expect(await running.closed).toBe(3);
    expect(running.err()).toContain("SIGKILL");
    expect(await readdir(temporary)).toEqual([]);
  });

  test("says in one line which listener's port is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(mesh, "127.0.0.1", resolve));
    try {
      const { code, err } = await sluice(["run", ...flags]);
      expect(code).toBe(3);
      expect(err.trim().split("\n")).toHaveLength(1);
      expect(err).toContain(String(mesh));
      expect(err).toContain("mesh");
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("with wrong rules does not start, with 1", async () => {
    await write("rules.yaml", "kind: [");
    expect((await sluice(["run", ...flags])).code).toBe(1);
  });

  test("without an Envoy exits with 3", async () => {
    const { code, err } = await sluice(["run", ...flags], "", { ENVOY_BIN: path.join(folder, "none") });
    expect(code).toBe(3);
    expect(err).toContain("ENVOY_BIN");
  });

  /** As an editor saves: another file, moved into place. */
  async function save(text: string): Promise<void> {
    await write("rules.yaml.new", text);
    await rename(path.join(folder, "rules.yaml.new"), path.join(folder, "rules.yaml"));
  }

  test.each(["wasm", "native"])("--watch obeys good changes and survives bad ones (%s)", async (target) => {
    const running = start([...flags, "--watch", "--target", target]);
    await running.next("serving");
    expect(await ask(mesh)).toBe("one");

    let seen = running.events.length;
    await save(rules("two", ports));
    await running.next("reloaded", seen);
    expect(await ask(mesh)).toBe("two");

    seen = running.events.length;
    await save("kind: [");
    await running.next("refused", seen);
    expect(await ask(mesh)).toBe("two");

    seen = running.events.length;
    await save(rules("one", ports));
    await running.next("reloaded", seen);
    expect(await ask(mesh)).toBe("one");

    running.child.kill("SIGINT");
    expect(await running.closed).toBe(0);
    expect(await readdir(temporary)).toEqual([]);
  });
});
