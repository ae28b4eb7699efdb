import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmod,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { emitResources } from "../../back/xds/resources.ts";
import { testCluster, testListener, testOptions } from "../../back/xds/testing.ts";
import { drainFactsOf } from "../../run/delivery/drain-facts.ts";
import type { LiveBuild } from "../../run/delivery/live-configuration.ts";
import { encodeFrame, FORMAT, FrameKind } from "./frames.ts";
import type { FleetState } from "./state.ts";
import { StateStore } from "./state-store.ts";
import { fleetState, plain, planOf } from "./states.fixture.ts";

let parent: string;
let directory: string;
let notices: string[];
const open: StateStore[] = [];

beforeEach(async () => {
  parent = await mkdtemp(path.join(os.tmpdir(), "sluice-state-"));
  directory = path.join(parent, "state");
  notices = [];
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((store) => store.close()));
  await rm(parent, { recursive: true, force: true });
});

async function opened(at = directory): Promise<StateStore> {
  const store = await StateStore.open({
    directory: at,
    onNotice: (line) => notices.push(line),
    pause: { next: () => 10, reset() {} },
  });
  open.push(store);
  return store;
}

/** A store that leads. */
async function leading(term = 1): Promise<StateStore> {
  const store = await opened();
  await store.lead(term);
  await store.saved();
  return store;
}

async function save(store: StateStore, state: FleetState): Promise<void> {
  store.save(state);
  expect(await store.saved()).toBe(true);
}

const NO_FINDINGS = { errors: 0, warnings: 0, infos: 0, strict: false };

const journal = (term = 1) => path.join(directory, `journal-${String(term).padStart(10, "0")}`);

const mesh = (services: number, rules: number): LiveBuild => {
  const names = Array.from({ length: services }, (_, index) => `outbound|80||s${index}.example`);
  const config = { listeners: [testListener()], clusters: names.map((name) => testCluster({ name })) };
  const blobs = new Map([["mesh", Buffer.alloc(500, rules)]]);
  return {
    drain: drainFactsOf(config),
    filtered: new Set(["mesh"]),
    bootstrap: {},
    resources: emitResources(config, testOptions({ blobs })),
  };
};

const stateOf = (...builds: LiveBuild[]): FleetState => ({
  revisions: [],
  builds: builds.map((build, index) => ({ revision: String(index), scope: "all", build })),
});

test("what is saved is what is there again, and is planned with as before", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fleetState, { minLength: 1, maxLength: 3 }), async (states) => {
      const writer = await leading();
      for (const state of states) {
        await save(writer, state);
      }
      const restored = (await opened()).state!;
      const last = states.at(-1)!;
      expect(plain(restored)).toEqual(plain(last));
      for (const [from] of last.builds.entries()) {
        for (const [to] of last.builds.entries()) {
          const [old, next] = [last.builds[from]!.build, last.builds[to]!.build];
          expect(planOf(restored.builds[from]!.build, next)).toEqual(planOf(old, next));
          expect(planOf(old, restored.builds[to]!.build)).toEqual(planOf(old, next));
        }
      }
      await writer.close();
      await rm(directory, { recursive: true });
    }),
    { numRuns: 20 },
  );
  expect(notices).toEqual([]);
});

test("wherever a write is cut, what was saved before holds", async () => {
  const writer = await leading();
  const states = [stateOf(mesh(2, 1)), stateOf(mesh(2, 1), mesh(3, 2))];
  const sizes: number[] = [];
  for (const state of states) {
    await save(writer, state);
    sizes.push((await stat(journal())).size);
  }
  const bytes = await readFile(journal());
  const cut = path.join(parent, "cut");
  await mkdir(cut);
  // Every byte around the ends, and every so many between them.
  for (let size = sizes[0]!; size <= sizes[1]!; size += size + 64 > sizes[1]! ? 1 : 37) {
    await writeFile(path.join(cut, path.basename(journal())), bytes.subarray(0, size), { mode: 0o600 });
    const store = await opened(cut);
    expect(plain(store.state)).toEqual(plain(states[size < sizes[1]! ? 0 : 1]));
    await store.close();
  }
  expect(notices).toEqual([]);
});

test("what was cut is written over, and does not come back", async () => {
  const first = await leading();
  await save(first, stateOf(mesh(2, 1)));
  await save(first, stateOf(mesh(5, 2)));
  await truncate(journal(), (await stat(journal())).size - 5);
  const second = await leading(2);
  expect(plain(second.state)).toEqual(plain(stateOf(mesh(2, 1))));
  await save(second, stateOf(mesh(1, 3)));
  expect(plain((await opened()).state)).toEqual(plain(stateOf(mesh(1, 3))));
  expect(await readdir(directory)).toEqual([path.basename(journal(2))]);
});

test("one rule of a large mesh is written, and not the mesh", async () => {
  const writer = await leading();
  await save(writer, stateOf(mesh(1_000, 1)));
  const { size } = await stat(journal());
  await save(writer, stateOf(mesh(1_000, 2)));
  expect((await stat(journal())).size - size).toBeLessThan(10_000);
});

test("a journal that is mostly of no use is written anew, and readers follow", async () => {
  const writer = await leading();
  const reader = await opened();
  const seen: unknown[] = [];
  reader.watch((state) => seen.push(plain(state)));
  const sources = (n: number) => [{ path: "a.yaml", text: `${n}`.repeat(6 << 20) }];
  const findings = NO_FINDINGS;
  let last: FleetState = stateOf();
  for (let n = 1; n <= 5; n++) {
    last = {
      builds: [],
      revisions: [{ id: `${n}`, seen: "", state: "serving", findings, sources: sources(n) }],
    };
    await save(writer, last);
  }
  expect((await stat(journal())).size).toBeLessThan(30 << 20);
  await expect.poll(() => seen.at(-1)).toEqual(plain(last));
});

test("a server that was superseded writes nothing that is read", async () => {
  const old = await leading(1);
  await save(old, stateOf(mesh(1, 1)));
  const next = await leading(2);
  await save(next, stateOf(mesh(1, 2)));
  old.save(stateOf(mesh(1, 3)));
  expect(await old.saved()).toBe(false);
  expect(plain((await opened()).state)).toEqual(plain(stateOf(mesh(1, 2))));
  expect(old.save(stateOf())).toBe(false);
});

test("a full disk is said once, and tried again", async () => {
  const writer = await leading();
  await save(writer, stateOf(mesh(1, 1)));
  const file = await openFile(journal());
  const handles = Object.getPrototypeOf(file) as Pick<typeof file, "write">;
  await file.close();
  const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
  const spy = vi.spyOn(handles, "write").mockRejectedValue(full);
  writer.save(stateOf(mesh(1, 2)));
  await expect.poll(() => spy.mock.calls.length).toBeGreaterThan(3);
  expect(plain((await opened()).state)).toEqual(plain(stateOf(mesh(1, 1))));
  writer.save(stateOf(mesh(1, 3)));
  spy.mockRestore();
  expect(await writer.saved()).toBe(true);
  expect(plain((await opened()).state)).toEqual(plain(stateOf(mesh(1, 3))));
  expect(notices).toHaveLength(2);
  expect(notices[0]).toContain("the disk is full");
});

test("a disk that is really full keeps what it had, and takes the newest when there is room", async (context) => {
  await mkdir(directory, { mode: 0o700 });
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", directory]);
  if (mounted.status !== 0) {
    context.skip("only an administrator may make a file system of 1 MiB");
  }
  try {
    const writer = await leading();
    await save(writer, stateOf(mesh(1, 1)));
    const filler = path.join(directory, "somebody-else");
    await expect(writeFile(filler, Buffer.alloc(2 << 20))).rejects.toThrow("ENOSPC");
    const large = (rules: number): FleetState => ({
      ...stateOf(mesh(1, rules)),
      revisions: [
        {
          ...{ id: "large", seen: "", state: "serving", findings: NO_FINDINGS },
          sources: [{ path: "a.yaml", text: randomBytes(100_000).toString("hex") }],
        },
      ],
    });
    writer.save(large(2));
    await expect.poll(() => notices).toHaveLength(1);
    expect(notices[0]).toContain("the disk is full");
    expect(plain((await opened()).state)).toEqual(plain(stateOf(mesh(1, 1))));
    const newest = large(3);
    writer.save(newest);
    await rm(filler);
    expect(await writer.saved()).toBe(true);
    expect(plain((await opened()).state)).toEqual(plain(newest));
    expect(notices).toHaveLength(2);
  } finally {
    await Promise.all(open.splice(0).map((store) => store.close()));
    spawnSync("umount", ["--lazy", directory]);
  }
});

test("only its owner can read it", async () => {
  await mkdir(directory, { mode: 0o755 });
  await chmod(directory, 0o755);
  await leading();
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await stat(journal())).mode & 0o777).toBe(0o600);
});

test.each<[string, Buffer | string]>([
  ["is empty", ""],
  ["was damaged", "garbage, and not a little of it"],
  ["was damaged", Buffer.alloc(10_000)],
])("a journal that %s is said and set aside", async (why, contents) => {
  await mkdir(directory);
  await writeFile(journal(3), contents, { mode: 0o600 });
  const store = await opened();
  expect(store.state).toBeUndefined();
  expect(notices).toEqual([expect.stringContaining(why)]);
  await store.lead(4);
  await save(store, stateOf(mesh(1, 1)));
  expect(await readdir(directory)).toEqual([
    expect.stringContaining("journal-0000000003.broken-"),
    path.basename(journal(4)),
  ]);
  expect(plain((await opened()).state)).toEqual(plain(stateOf(mesh(1, 1))));
});

test("a journal of a newer format is not guessed at; one that begins and holds nothing is as good as none", async () => {
  const header = (format: number) =>
    encodeFrame(FrameKind.header, Buffer.from(JSON.stringify({ format, new: "field" })));
  await mkdir(directory);
  await writeFile(journal(1), header(FORMAT), { mode: 0o600 });
  await writeFile(journal(2), header(FORMAT + 1), { mode: 0o600 });
  expect((await opened()).state).toBeUndefined();
  expect(notices).toEqual([
    expect.stringContaining(`format ${FORMAT + 1}`),
    expect.stringContaining("nothing that was written whole"),
  ]);
});

test("links are not followed", async () => {
  await (await leading()).close();
  const real = path.join(parent, "real");
  await rename(directory, real);
  await symlink(real, directory);
  expect((await opened()).state).toBeUndefined();
  expect(notices).toEqual([expect.stringContaining("is a symbolic link; it is now")]);
  notices.length = 0;
  await symlink(path.join(real, path.basename(journal())), journal());
  expect((await opened()).state).toBeUndefined();
  expect(notices).toEqual([expect.stringContaining("is a symbolic link")]);
});

test("a file in the place of the folder is moved aside", async () => {
  await writeFile(directory, "not a folder");
  await leading();
  expect(notices).toEqual([expect.stringContaining("is not a directory; it is now")]);
});
