import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { withLock } from "./lock.ts";

// Others of this process have the modules already, unmocked; and those after get them back.
vi.hoisted(() => vi.resetModules());
afterAll(() => void vi.resetModules());

/** A disk that is full: a file can be made, and nothing be written into it. */
const failing = { write: false };
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  return {
    ...real,
    open: async (...args: Parameters<typeof real.open>) => {
      const handle = await real.open(...args);
      if (failing.write) {
        handle.writeFile = async () => {
          throw new Error("ENOSPC");
        };
      }
      return handle;
    },
  };
});

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-lock-"));
  file = path.join(folder, "lock");
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("one at a time, and nothing is left", async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await sleep(5);
    inside--;
  };
  await Promise.all(Array.from({ length: 5 }, () => withLock(file, {}, work)));
  expect(most).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

test("is given back when the work fails", async () => {
  await expect(withLock(file, {}, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await readdir(folder)).toEqual([]);
});

test("of a process that is gone is taken over at once", async () => {
  await writeFile(file, `${os.hostname()} 2147483646 whoever`);
  let waited = false;
  await withLock(file, { onWait: () => (waited = true) }, async () => {});
  expect(waited).toBe(false);
});

test("of another machine is taken over when nobody touches it any more", async () => {
  await writeFile(file, "elsewhere 1 whoever");
  const long = new Date(Date.now() - 60_000);
  await utimes(file, long, long);
  await withLock(file, {}, async () => {});
  expect(await readdir(folder)).toEqual([]);
});

test.each(["", "elsewhere", "elsewhere 17"])(
  "that names no owner is taken over once there was time to write one: %j",
  async (record) => {
    await writeFile(file, record);
    const later = new Date(Date.now() + 60_000);
    await utimes(file, later, later);
    const asked = new AbortController();
    let waits = 0;
    const onWait = () => {
      waits++;
      asked.abort();
    };
    await expect(withLock(file, { onWait, signal: asked.signal }, async () => {})).rejects.toThrow();
    expect(waits).toBe(1);
    const old = new Date(Date.now() - 3_000);
    await writeFile(file, record);
    await utimes(file, old, old);
    await withLock(file, { onWait }, async () => {});
    expect(waits).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  },
);

test("that cannot be written is not left behind", async () => {
  failing.write = true;
  await expect(withLock(file, {}, async () => {})).rejects.toThrow("ENOSPC");
  failing.write = false;
  expect(await readdir(folder)).toEqual([]);
});

test("of a living owner is waited for, and said so", async () => {
  let waits = 0;
  const order: string[] = [];
  let letGo = () => {};
  const waitedFor = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let first: Promise<void> | undefined;
  await new Promise<void>((taken) => {
    first = withLock(file, {}, async () => {
      taken();
      await waitedFor;
      order.push("first");
    });
  });
  const onWait = () => {
    waits++;
    letGo();
  };
  await withLock(file, { onWait }, async () => void order.push("second"));
  await first;
  expect(order).toEqual(["first", "second"]);
  expect(waits).toBe(1);
});
