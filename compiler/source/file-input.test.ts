import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readAtMost } from "./bounded.ts";
import { files } from "./files.ts";

// Others of this process have the modules already, unmocked; and those after get them back.
vi.hoisted(() => vi.resetModules());
afterAll(() => void vi.resetModules());

/** What is to happen when a file is read, by its name. */
const onRead = new Map<string, () => void>();
vi.mock("./bounded.ts", async (original) => {
  const real = await original<typeof import("./bounded.ts")>();
  return {
    ...real,
    readAtMost: vi.fn((name: string, most: number) => {
      onRead.get(path.basename(name))?.();
      return real.readAtMost(name, most);
    }),
  };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-input-"));
});
afterEach(() => {
  onRead.clear();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => path.join(folder, name);
const put = (name: string, text: string) => {
  mkdirSync(path.dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
};

async function read(paths: readonly string[], exclude: readonly string[] = []) {
  const found: string[] = [];
  const source = files(
    paths.map((name) => (name.startsWith("/") ? name : `${folder}/${name}`)),
    { exclude },
  );
  const sources = await source.read({ report: ({ code }) => void found.push(code) });
  return {
    names: sources.map((one) => path.relative(folder, one.path)),
    named: sources.filter((one) => one.folder === undefined).map((one) => path.relative(folder, one.path)),
    found,
  };
}

describe("a file is read once", () => {
  beforeEach(() => {
    put("a/x.yaml", "x");
    put("a/y.yaml", "y");
  });

  test.each([
    ["given twice", ["a/x.yaml", "a/x.yaml"]],
    ["spelt in two ways", ["a/x.yaml", "./a/../a//x.yaml"]],
  ])("%s", async (_, paths) => {
    expect((await read(paths)).names).toEqual(["a/x.yaml"]);
  });

  test("with its folder, where it counts as named", async () => {
    expect(await read(["a", "a/y.yaml", "./a"])).toEqual({
      names: ["a/x.yaml", "a/y.yaml"],
      named: ["a/y.yaml"],
      found: [],
    });
  });

  test("by a link to it, a hard link, and a link to its folder that was named", async () => {
    symlinkSync("../a/x.yaml", at("a/z.yaml"));
    linkSync(at("a/y.yaml"), at("a/hard.yaml"));
    symlinkSync("a", at("b"));
    expect((await read(["a", "b"])).names).toEqual(["a/hard.yaml", "a/x.yaml"]);
  });
});

describe("left out", () => {
  test("by its name at any depth, by its path, and though it was named", async () => {
    for (const name of ["a.yaml", "values.yaml", "charts/b.yaml", "base/c.yaml", "base/values.yaml"]) {
      put(`repository/${name}`, "x");
    }
    put("other.yaml", "x");
    const { names, found } = await read(
      ["repository", "other.yaml"],
      ["values*.yaml", "charts", "base/c*", "other.yaml"],
    );
    expect(names).toEqual(["repository/a.yaml"]);
    expect(found).toEqual([]);
  });

  test("a folder of which nothing is left is empty", async () => {
    put("rules/a.yaml", "x");
    expect((await read(["rules"], ["*.yaml"])).found).toEqual(["SL0004"]);
  });
});

test("a swap of all files while they are read is not seen by halves", async () => {
  for (const generation of ["1", "2"]) {
    put(`..${generation}/a.yaml`, `a${generation}`);
    put(`..${generation}/b.yaml`, `b${generation}`);
  }
  symlinkSync("..1", at("..data"));
  symlinkSync("..data/a.yaml", at("a.yaml"));
  symlinkSync("..data/b.yaml", at("b.yaml"));
  onRead.set("b.yaml", () => {
    onRead.clear();
    symlinkSync("..2", at("..new"));
    renameSync(at("..new"), at("..data"));
  });
  const sources = await files([folder]).read({ report() {} });
  expect(sources.map(({ text }) => text)).toEqual(["a2", "b2"]);
});

test("a file that goes while the others are read is no error", async () => {
  put("a.yaml", "a");
  put("b.yaml", "b");
  onRead.set("b.yaml", () => {
    onRead.clear();
    unlinkSync(at("b.yaml"));
  });
  expect(await read(["."])).toMatchObject({ names: ["a.yaml"], found: [] });
});

test("an input that never holds still is read in the end", async () => {
  put("a.yaml", "a");
  let times = 0;
  onRead.set("a.yaml", () => put("a.yaml", "x".repeat(++times)));
  expect((await read(["a.yaml"])).names).toEqual(["a.yaml"]);
  expect(times).toBeGreaterThan(1);
});

test("what could not be read is tried again while the input is watched, and told when it can be", async () => {
  put("a.yaml", "a");
  const source = files([folder]);
  const failing = () => {
    throw Object.assign(new Error("EMFILE"), { code: "EMFILE" });
  };
  onRead.set("a.yaml", failing);
  const found: string[] = [];
  const sink = { report: ({ message }: { message: string }) => void found.push(message) };
  expect(await source.read(sink)).toEqual([]);
  expect(found.join()).toContain("too many files are open");
  const onChange = vi.fn();
  const watch = await source.watch(onChange);
  const tries = vi.mocked(readAtMost).mock.calls.length;
  await expect.poll(() => vi.mocked(readAtMost).mock.calls.length).toBeGreaterThan(tries);
  expect(onChange).not.toHaveBeenCalled();
  onRead.clear();
  await expect.poll(() => onChange).toHaveBeenCalledOnce();
  expect((await source.read(sink)).map(({ text }) => text)).toEqual(["a"]);
  await watch.close();
});

test.each([
  ["with its mark", Buffer.from("\ufeffapiVersion: v1\n", "utf16le")],
  ["the other way round", Buffer.from("\ufeffapiVersion: v1\n", "utf16le").swap16()],
  ["without a mark", Buffer.from("apiVersion: v1\n", "utf16le")],
])("UTF-16 is called so: %s", async (_, bytes) => {
  writeFileSync(at("a.yaml"), bytes);
  const found: string[] = [];
  await files([at("a.yaml")]).read({ report: ({ code, message }) => void found.push(`${code} ${message}`) });
  expect(found).toEqual([expect.stringMatching(/^SL0002 .*UTF-16/)]);
});

test("a file that is written again as it was is the same to whoever knows it", async () => {
  put("a.yaml", "a: 1\n");
  put("b.yaml", "b: 1\n");
  const source = files([folder]);
  const sink = { report() {} };
  const [a, b] = await source.read(sink);
  put("a.yaml", "a: 1\n");
  put("b.yaml", "b: 2\n");
  const [sameA, otherB] = await source.read(sink);
  expect(sameA).toBe(a);
  expect(otherB).not.toBe(b);
  expect(otherB?.text).toBe("b: 2\n");
});
