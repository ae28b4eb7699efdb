import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HttpError } from "../../http/http-error.ts";
import { EnvironmentError } from "../../platform/error.ts";
import { DoorClient } from "./client.ts";
import { Door } from "./door.ts";
import { findRuns, matchingRuns } from "./find-runs.ts";
import { openDoor } from "./open-door.ts";
import type { DoorRoute } from "./route.ts";
import { runFolders } from "./run-folders.ts";

let home: string;
let folder: string;
const opened: Door[] = [];
const problems: string[] = [];

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), "sluice-door-"));
  folder = path.join(home, "sluice");
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((door) => door.close()));
  problems.length = 0;
  await rm(home, { recursive: true, force: true });
});

async function doorOf(...routes: readonly DoorRoute[]): Promise<Door> {
  const door = await Door.open({ routes, folders: [folder], onProblem: (line) => problems.push(line) });
  opened.push(door);
  return door;
}

async function runOf(...rules: readonly string[]): Promise<Door> {
  const door = await openDoor(
    { serving: undefined, listen: () => () => {} },
    { rules, folder, onProblem: () => {} },
  );
  opened.push(door);
  return door;
}

test("only this user can open the socket, and it is gone with the door", async () => {
  const door = await doorOf();
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(door.socket)).mode & 0o777).toBe(0o600);
  await door.close();
  await expect(stat(folder)).rejects.toThrow("ENOENT");
});

test.each([
  ["that others may enter", () => mkdir(folder).then(() => chmod(folder, 0o755)), /other users may enter/],
  ["that is a link", () => symlink(home, folder), /not a directory/],
  ["that is a file", () => writeFile(folder, ""), /not a directory/],
])("a folder %s is refused, and the next one is taken", async (_what, make, reason) => {
  await make();
  await expect(doorOf()).rejects.toThrow(EnvironmentError);
  await expect(doorOf()).rejects.toMatchObject({ details: [expect.stringMatching(reason)] });
  const next = path.join(home, "next");
  const door = await Door.open({ routes: [], folders: [folder, next], onProblem: () => {} });
  opened.push(door);
  expect(path.dirname(door.socket)).toBe(next);
});

test("a folder of another user is refused", async ({ skip }) => {
  const root = await stat("/");
  if (root.uid === os.userInfo().uid) {
    // The superuser owns what there is: a folder is given away.
    await mkdir(folder, { mode: 0o700 });
    await chown(folder, 12345, 12345).catch(() => skip());
  } else {
    folder = "/";
  }
  await expect(doorOf()).rejects.toMatchObject({
    details: [expect.stringMatching(/belongs to another user/)],
  });
});

test("what a killed run left behind is swept, and what is no socket stays", async () => {
  await mkdir(folder, { mode: 0o700 });
  const left = path.join(folder, "1.sock");
  // A server that is not closed in an orderly way keeps its file: one that is moved away is not removed with it.
  const server = net.createServer().listen(path.join(folder, "moved"));
  await new Promise((resolve) => server.once("listening", resolve));
  await rename(path.join(folder, "moved"), left);
  await new Promise((resolve) => server.close(resolve));
  await writeFile(path.join(folder, "note.sock"), "");
  const long = new Date(Date.now() - 60_000);
  await utimes(left, long, long);
  await utimes(path.join(folder, "note.sock"), long, long);
  await doorOf();
  expect((await readdir(folder)).sort()).toEqual([`${process.pid}.sock`, "note.sock"].sort());
});

test("several runs are told apart by process, rules and socket", async () => {
  const [shop, bank] = [await runOf("shop/"), await runOf("bank/", "common.yaml")];
  const runs = await findRuns([folder, path.join(home, "missing")]);
  const sockets = (wanted: string) =>
    matchingRuns(runs, wanted)
      .map(({ socket }) => socket)
      .sort();
  expect(sockets(String(process.pid))).toEqual([shop.socket, bank.socket].sort());
  expect(sockets("shop")).toEqual([shop.socket]);
  expect(sockets("./common.yaml")).toEqual([bank.socket]);
  expect(sockets(bank.socket)).toEqual([bank.socket]);
  expect(sockets("other")).toEqual([]);
});

test("a folder that others may write to is not looked for runs", async () => {
  await runOf("shop/");
  await chmod(folder, 0o777);
  expect(await findRuns([folder])).toEqual([]);
});

test("answers, refusals and mistakes reach the client as what they are", async () => {
  const { socket } = await doorOf(
    { method: "POST", path: "/echo", answer: ({ body, query }) => ({ json: { body, a: query.get("a") } }) },
    {
      method: "GET",
      path: "/refuses",
      answer: () => {
        throw new HttpError(409, "not now");
      },
    },
    {
      method: "GET",
      path: "/broken",
      answer: () => {
        throw new Error("oops");
      },
    },
  );
  const client = new DoorClient(socket);
  expect(await client.get("/echo?a=1", { method: "POST", body: { b: 2 } })).toEqual({
    body: { b: 2 },
    a: "1",
  });
  await expect(client.get("/refuses")).rejects.toThrow(/^not now$/);
  await expect(client.get("/echo")).rejects.toThrow(/POST/);
  await expect(client.get("/nothing")).rejects.toThrow(/does not know \/nothing/);
  expect(problems).toEqual([]);
  await expect(client.get("/broken")).rejects.toThrow(/bug in Sluice/);
  expect(problems).toEqual([expect.stringContaining("oops")]);
  const huge = client.get("/echo", { method: "POST", body: "x".repeat(1 << 20) });
  await expect(huge).rejects.toThrow(EnvironmentError);
});

test("lines go on until the client has enough, or the door closes", async () => {
  let asked = 0;
  let ended = 0;
  async function* numbers(signal: AbortSignal): AsyncGenerator<number> {
    try {
      while (!signal.aborted) {
        yield asked++;
        await new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => resolve(), { once: true });
          setTimeout(resolve, 1);
        });
      }
    } finally {
      ended++;
    }
  }
  const door = await doorOf({
    method: "GET",
    path: "/numbers",
    answer: ({ signal }) => ({ lines: numbers(signal) }),
  });
  const client = new DoorClient(door.socket);
  for await (const number of client.lines<number>("/numbers")) {
    if (number === 3) {
      break;
    }
  }
  await expect.poll(() => ended).toBe(1);
  const seen: number[] = [];
  for await (const number of client.lines<number>("/numbers")) {
    seen.push(number);
    if (seen.length === 2) {
      void door.close();
    }
  }
  expect(seen.length).toBeGreaterThanOrEqual(2);
  await expect.poll(() => ended).toBe(2);
});

test("a client that does not read holds nothing up, and keeps no door open", async () => {
  let asked = 0;
  async function* endless(): AsyncGenerator<string> {
    for (;;) {
      asked++;
      yield "x".repeat(100_000);
    }
  }
  const door = await doorOf({ method: "GET", path: "/endless", answer: () => ({ lines: endless() }) });
  const socket = net.connect(door.socket);
  socket.on("error", () => {});
  socket.write("GET /endless HTTP/1.1\r\nhost: door\r\n\r\n");
  await expect.poll(() => asked).toBeGreaterThan(0);
  await expect
    .poll(async () => {
      const before = asked;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return asked - before;
    })
    .toBe(0);
  await door.close();
  socket.destroy();
});

test("a relative XDG_RUNTIME_DIR is ignored, and so is a folder too deep for sockets", () => {
  const uid = os.userInfo().uid;
  expect(runFolders({ XDG_RUNTIME_DIR: "/run/user/7" })[0]).toBe("/run/user/7/sluice");
  expect(runFolders({ XDG_RUNTIME_DIR: "run" })).not.toContain("run/sluice");
  expect(runFolders({ XDG_RUNTIME_DIR: `/${"deep/".repeat(30)}` })[0]).not.toContain("deep");
  expect(runFolders({}).at(-1)).toBe(`/tmp/sluice-${uid}`);
});
