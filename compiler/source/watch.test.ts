/** Changes as they come: by editors, checkouts, swapped links and replaced folders. */

import { writeFileSync } from "node:fs";
import {
  cp,
  link,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { files } from "./files.ts";
import type { RuleSource, Watch } from "./rule-source.ts";

let folder: string;
let source: RuleSource;
let watch: Watch;
let changes: number;

const at = (...names: string[]) => path.join(folder, ...names);
const put = async (name: string, text: string) => {
  await mkdir(path.dirname(at(name)), { recursive: true });
  await writeFile(at(name), text);
};

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-watch-"));
  changes = 0;
  awaited = 0;
  await put("rules/a.yaml", "a");
  await put("single.yaml", "s");
});

afterEach(async () => {
  await watch?.close();
  await rm(folder, { recursive: true, force: true });
});

const read = async () => {
  const found = await source.read({ report: ({ message }) => void problems.push(message) });
  return Object.fromEntries(found.map(({ path: name, text }) => [path.relative(folder, name), text]));
};
let problems: string[] = [];

/** As a session does it: reads, watches, and reads again at each change. */
const start = async (...names: string[]) => {
  source = files(names.map((name) => (name === "-" ? name : at(name))));
  problems = [];
  await read();
  watch = await source.watch(() => changes++);
};

/** How many changes had been told when the last of them was waited for: the next may be told before somebody waits. */
let awaited = 0;

/** Waits until what is read is this, which it must be after a change was told. */
const becomes = async (expected: Readonly<Record<string, string>>) => {
  await expect.poll(() => changes, { interval: 10 }).toBeGreaterThan(awaited);
  await expect.poll(() => read(), { interval: 20 }).toEqual(expected);
  awaited = changes;
};

/** Waits for the next call, and that no other follows. */
const changed = async () => {
  await expect.poll(() => changes, { interval: 10 }).toBeGreaterThan(awaited);
  await sleep(150);
  const since = changes - awaited;
  awaited = changes;
  return since;
};

describe("files", () => {
  test("a write", async () => {
    await start("rules");
    await put("rules/a.yaml", "b");
    await becomes({ "rules/a.yaml": "b" });
  });

  test("a new file in a new folder below, and its removal", async () => {
    await start("rules");
    await put("rules/deep/down/b.yml", "b");
    await becomes({ "rules/a.yaml": "a", "rules/deep/down/b.yml": "b" });
    await put("rules/deep/down/b.yml", "c");
    await becomes({ "rules/a.yaml": "a", "rules/deep/down/b.yml": "c" });
    await rm(at("rules/deep/down/b.yml"));
    await becomes({ "rules/a.yaml": "a" });
  });

  test("many writes at once are one change", async () => {
    await start("rules");
    for (let i = 0; i < 20; i++) {
      writeFileSync(at("rules", `${i}.yaml`), "x");
    }
    expect(await changed()).toBe(1);
  });

  test("a file that an editor replaces by rename, twice", async () => {
    await start("single.yaml");
    for (const text of ["1", "2"]) {
      await put(".single.yaml.swp", text);
      await rename(at(".single.yaml.swp"), at("single.yaml"));
      await becomes({ "single.yaml": text });
    }
  });

  test("a rename that leaves size and time as they were", async () => {
    await start("single.yaml");
    const { atime, mtime } = await stat(at("single.yaml"));
    await put("new", "t");
    await utimes(at("new"), atime, mtime);
    await rename(at("new"), at("single.yaml"));
    await becomes({ "single.yaml": "t" });
  });

  test("a file that is deleted and made again", async () => {
    await start("single.yaml");
    await rm(at("single.yaml"));
    await becomes({});
    expect(problems.at(-1)).toContain("single.yaml: it does not exist");
    await put("single.yaml", "again");
    await becomes({ "single.yaml": "again" });
  });

  test("what a link leads to is written", async () => {
    await put("elsewhere/x.yaml", "1");
    await symlink("../elsewhere/x.yaml", at("rules", "x.yaml"));
    await start("rules");
    await put("elsewhere/x.yaml", "2");
    await becomes({ "rules/a.yaml": "a", "rules/x.yaml": "2" });
  });

  test("nothing for files that are no input", async () => {
    await start("rules", "single.yaml");
    await put("rules/notes.txt", "x");
    await put("rules/.git/x.yaml", "x");
    await put("other.yaml", "x");
    await sleep(1300);
    expect(changes).toBe(0);
  });

  test("saves that never end are told of all the same", async () => {
    await start("single.yaml");
    for (let i = 1; i < 500 && changes === 0; i++) {
      await put("single.yaml", String(i));
      await sleep(5);
    }
    expect(changes).toBeGreaterThan(0);
    expect(Number((await read())["single.yaml"])).toBeGreaterThan(0);
  });
});

describe("files in the middle of a save", () => {
  test("are not missing between their removal and their return", async () => {
    await put("rules/b.yaml", "b");
    await start("rules");
    await rm(at("rules/b.yaml"));
    const reading = read();
    await sleep(10);
    writeFileSync(at("rules/b.yaml"), "new");
    expect(await reading).toEqual({ "rules/a.yaml": "a", "rules/b.yaml": "new" });
  });

  test("are not empty before their contents come", async () => {
    await put("rules/b.yaml", "b");
    await start("rules");
    await truncate(at("rules/b.yaml"));
    const reading = read();
    await sleep(100);
    writeFileSync(at("rules/b.yaml"), "new");
    expect(await reading).toEqual({ "rules/a.yaml": "a", "rules/b.yaml": "new" });
  });

  test("are empty when that is meant", async () => {
    await start("single.yaml");
    await truncate(at("single.yaml"));
    await becomes({ "single.yaml": "" });
  });

  test("do not keep a closed watch waiting", async () => {
    await start("single.yaml");
    await truncate(at("single.yaml"));
    // So that the time to wait is never over.
    const now = vi.spyOn(performance, "now").mockReturnValue(performance.now());
    try {
      const reading = read();
      await watch.close();
      await reading;
    } finally {
      now.mockRestore();
    }
  });
});

describe("folders", () => {
  const replaced = { "rules/a.yaml": "new" };

  test("moved away, and another one moved in", async () => {
    await put("next/a.yaml", "new");
    await start("rules");
    await rename(at("rules"), at("old"));
    await rename(at("next"), at("rules"));
    await becomes(replaced);
  });

  test("removed, and copied again after a while", async () => {
    await start("rules");
    await rm(at("rules"), { recursive: true });
    await becomes({});
    expect(problems.at(-1)).toContain("rules: it does not exist");
    let told: number;
    // It is told once, or in the steps in which it was removed, and then no more.
    do {
      told = changes;
      await sleep(1300);
    } while (changes !== told);
    await put("next/a.yaml", "new");
    await cp(at("next"), at("rules"), { recursive: true });
    await becomes(replaced);
  });

  test("and the folder above, as by a checkout of a branch without it and back", async () => {
    await put("repository/deep/rules/a.yaml", "1");
    await start("repository/deep/rules");
    await rm(at("repository/deep"), { recursive: true });
    await becomes({});
    await put("repository/deep/rules/a.yaml", "2");
    await becomes({ "repository/deep/rules/a.yaml": "2" });
  });

  test("and later saves in what came instead", async () => {
    await put("next/a.yaml", "new");
    await start("rules");
    await rename(at("rules"), at("old"));
    await rename(at("next"), at("rules"));
    await becomes(replaced);
    await put("rules/a.yaml", "newer");
    await becomes({ "rules/a.yaml": "newer" });
  });

  test.each([
    ["a link to a release", "current"],
    ["a folder below a link", "current/rules"],
    ["a file below a link", "current/rules/a.yaml"],
  ])("%s", async (_, name) => {
    await put("releases/1/rules/a.yaml", "1");
    await put("releases/2/rules/a.yaml", "2");
    await symlink("releases/1", at("current"));
    await start(name);
    const swap = async (to: string) => {
      await symlink(to, at("next"));
      await rename(at("next"), at("current"));
    };
    await swap("releases/2");
    await becomes({ "current/rules/a.yaml": "2" });
    await swap(at("releases/1"));
    await becomes({ "current/rules/a.yaml": "1" });
  });

  test("a link that is removed and made again", async () => {
    await put("releases/1/a.yaml", "1");
    await put("releases/2/a.yaml", "2");
    await symlink("releases/1", at("current"));
    await start("current");
    await rm(at("current"));
    await symlink("releases/2", at("current"));
    await becomes({ "current/a.yaml": "2" });
  });

  test("git-sync: a link to a worktree of a hidden folder", async () => {
    await put(".worktrees/1/rules/a.yaml", "1");
    await put(".worktrees/2/rules/a.yaml", "2");
    await symlink(".worktrees/1", at("current"));
    await start("current/rules");
    await symlink(".worktrees/2", at("next"));
    await rename(at("next"), at("current"));
    await rm(at(".worktrees/1"), { recursive: true });
    await becomes({ "current/rules/a.yaml": "2" });
  });

  test("a mounted ConfigMap: each file once, and never two generations at once", async () => {
    await put("m/..1/a.yaml", "a1");
    await put("m/..1/b.yaml", "b1");
    await symlink("..1", at("m/..data"));
    await symlink("..data/a.yaml", at("m/a.yaml"));
    await symlink("..data/b.yaml", at("m/b.yaml"));
    await start("m");
    expect(await read()).toEqual({ "m/a.yaml": "a1", "m/b.yaml": "b1" });
    await put("m/..2/a.yaml", "a2");
    await put("m/..2/b.yaml", "b2");
    await symlink("..2", at("m/..tmp"));
    await rename(at("m/..tmp"), at("m/..data"));
    await rm(at("m/..1"), { recursive: true });
    await becomes({ "m/a.yaml": "a2", "m/b.yaml": "b2" });
  });
});

test("what no watch tells is found by looking", async () => {
  await start("rules");
  const { atime, mtime } = await stat(at("rules/a.yaml"));
  // A hard link in a folder that nobody watches: the write there has no event here.
  await link(at("rules/a.yaml"), at("twin"));
  await writeFile(at("twin"), "z");
  await utimes(at("twin"), atime, mtime);
  await becomes({ "rules/a.yaml": "z" });
  expect(await readFile(at("rules/a.yaml"), "utf8")).toBe("z");
});
