import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Confidential } from "../../ir/confidential.ts";
import type { FileContents } from "./output-files.ts";
import { ForeignDirectoryError, writeOutput } from "./write.ts";

let directory: string;

beforeEach(async () => {
  directory = path.join(await mkdtemp(path.join(os.tmpdir(), "sluice-output-")), "out");
});

afterEach(async () => {
  await rm(path.dirname(directory), { recursive: true, force: true });
});

const build = (tag: string, more: Record<string, string> = {}) =>
  new Map(
    Object.entries({ "envoy.json": `{"v":"${tag}"}`, "xds/lds.json": tag, "routes/mesh.blob": tag, ...more }),
  );

const visible = async () => (await readdir(directory)).filter((name) => !name.startsWith("..")).sort();
const hidden = async () => (await readdir(directory)).filter((name) => name.startsWith("..")).sort();
const read = (name: string) => readFile(path.join(directory, name), "utf8");

describe("writeOutput", () => {
  test("writes files through ..data, and makes the directory", async () => {
    expect(await writeOutput(directory, build("1"))).toEqual({ changed: true });
    expect(await visible()).toEqual(["envoy.json", "routes", "xds"]);
    expect(await readlink(path.join(directory, "xds"))).toBe("..data/xds");
    expect(await read("xds/lds.json")).toBe("1");
  });

  test("keeps bytes as they are", async () => {
    const bytes = new Uint8Array([0, 255, 128, 10]);
    await writeOutput(directory, new Map([["routes/mesh.blob", bytes]]));
    expect(new Uint8Array(await readFile(path.join(directory, "routes/mesh.blob")))).toEqual(bytes);
  });

  test("a file with keys is for its owner only", async () => {
    const key = new Confidential("secret");
    const files = new Map<string, FileContents>([...build("1"), ["xds/sds/key.json", key]]);
    await writeOutput(directory, files);
    expect(await read("xds/sds/key.json")).toBe("secret");
    expect((await stat(path.join(directory, "xds/sds/key.json"))).mode & 0o777).toBe(0o600);
    expect(await writeOutput(directory, files)).toEqual({ changed: false });
  });

  test("replaces a build and removes the old generation", async () => {
    await writeOutput(directory, build("1"));
    await writeOutput(directory, build("2"));
    expect(await read("envoy.json")).toBe('{"v":"2"}');
    expect(await hidden()).toHaveLength(2); // ..data and one generation
  });

  test("leaves the generation alone when nothing changed", async () => {
    await writeOutput(directory, build("1"));
    const before = await readlink(path.join(directory, "..data"));
    expect(await writeOutput(directory, build("1"))).toEqual({ changed: false });
    expect(await readlink(path.join(directory, "..data"))).toBe(before);
  });

  test("removes top-level names that a build no longer has", async () => {
    await writeOutput(directory, build("1", { "filter.wasm": "w" }));
    await writeOutput(directory, build("2"));
    expect(await visible()).toEqual(["envoy.json", "routes", "xds"]);
  });

  test("clears what interrupted builds left", async () => {
    await writeOutput(directory, build("1"));
    await mkdir(path.join(directory, "..gen_0123456789abcdef"));
    await writeFile(path.join(directory, "..gen_0123456789abcdef", "envoy.json"), "half");
    await symlink("..gen_0123456789abcdef", path.join(directory, "..data_0123456789abcdef"));
    // The lock of a process that is gone.
    await writeFile(path.join(directory, "..lock"), `${os.hostname()} 2147483646 dead`);
    await writeOutput(directory, build("2"));
    expect(await hidden()).toHaveLength(2);
    expect(await read("xds/lds.json")).toBe("2");
  });

  test("finishes a first build that was interrupted", async () => {
    await mkdir(path.join(directory, "..gen_0123456789abcdef"), { recursive: true });
    await writeOutput(directory, build("1"));
    expect(await visible()).toEqual(["envoy.json", "routes", "xds"]);
    expect(await hidden()).toHaveLength(2);
  });

  test("mends links that somebody removed", async () => {
    await writeOutput(directory, build("1"));
    await rm(path.join(directory, "xds"));
    await writeOutput(directory, build("1"));
    expect(await read("xds/lds.json")).toBe("1");
  });

  test("refuses a directory with other files and touches nothing", async () => {
    await mkdir(directory);
    await writeFile(path.join(directory, "thesis.txt"), "mine");
    await expect(writeOutput(directory, build("1"))).rejects.toThrow(ForeignDirectoryError);
    expect(await readdir(directory)).toEqual(["thesis.txt"]);
  });

  test("refuses to replace a foreign file inside a build of ours", async () => {
    await writeOutput(directory, build("1"));
    await rm(path.join(directory, "envoy.json"));
    await writeFile(path.join(directory, "envoy.json"), "mine");
    await expect(writeOutput(directory, build("2"))).rejects.toThrow(ForeignDirectoryError);
    expect(await read("envoy.json")).toBe("mine");
    expect(await read("xds/lds.json")).toBe("1");
  });

  test("leaves foreign files beside a build alone", async () => {
    await writeOutput(directory, build("1"));
    await writeFile(path.join(directory, "notes.txt"), "mine");
    await writeOutput(directory, build("2"));
    expect(await read("notes.txt")).toBe("mine");
  });

  test("a reader never sees half a build, and never nothing", async () => {
    await writeOutput(directory, build("0"));
    let done = false;
    const reader = (async () => {
      let reads = 0;
      while (!done) {
        // One look-up of ..data, as Envoy's watch does it; a generation removed meanwhile is looked up again.
        const generation = await readlink(path.join(directory, "..data"));
        try {
          const [a, b] = await Promise.all(
            ["xds/lds.json", "routes/mesh.blob"].map((name) =>
              readFile(path.join(directory, generation, name), "utf8"),
            ),
          );
          expect(a).toBe(b);
          reads++;
        } catch (error) {
          expect((error as NodeJS.ErrnoException).code).toBe("ENOENT");
          expect(await readlink(path.join(directory, "..data"))).not.toBe(generation);
        }
        await read("envoy.json").catch((error) => expect(error.code).toBe("ENOENT"));
      }
      return reads;
    })();
    for (let i = 1; i <= 40; i++) {
      await writeOutput(directory, build(String(i)));
    }
    done = true;
    expect(await reader).toBeGreaterThan(0);
  });

  test("builds at the same time do not disturb one another", async () => {
    await Promise.all(["a", "b", "c", "d"].map((tag) => writeOutput(directory, build(tag))));
    const tag = await read("xds/lds.json");
    expect(await read("routes/mesh.blob")).toBe(tag);
    expect(await hidden()).toHaveLength(2);
  });

  test("a lock without an owner, as a full disk leaves one, delays a build by a second, and that is said", async () => {
    await writeOutput(directory, build("1"));
    const lock = path.join(directory, "..lock");
    await writeFile(lock, "");
    // As of a moment ahead, for a machine that takes as long to come to the lock.
    const later = new Date(Date.now() + 2_000);
    await utimes(lock, later, later);
    let waits = 0;
    await writeOutput(directory, build("2"), { onWait: () => waits++ });
    expect([waits, await read("xds/lds.json")]).toEqual([1, "2"]);
  });

  test("a build that cannot be written leaves nothing of itself behind", async () => {
    await writeOutput(directory, build("1"));
    const before = await hidden();
    await expect(
      writeOutput(directory, build("2", { [`x/${"y".repeat(300)}`]: "a name that no file system takes" })),
    ).rejects.toThrow();
    expect(await hidden()).toEqual(before);
    expect(await read("xds/lds.json")).toBe("1");
  });
});
