/** What is known of an input, when it is told what happens in its folders, is what a look at everything would find. */

import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { KnownListing } from "./known-listing.ts";
import { type Listing, listInputs } from "./list-inputs.ts";

// Others of this process have the modules already, unmocked; and those after get them back.
vi.hoisted(() => vi.resetModules());
afterAll(() => void vi.resetModules());

vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  return { ...real, statSync: vi.fn(real.statSync), lstatSync: vi.fn(real.lstatSync) };
});

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-known-listing-"));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const names = ["a.yaml", "b.yaml", "c.json", "notes.txt", "sub", "sub/d.yaml", "other/e.yaml"];
const name = fc.constantFrom(...names);
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("write" as const), name, to: name }) },
  fc.record({
    kind: fc.constantFrom(
      "rename" as const,
      "link" as const,
      "symlink" as const,
      "remove" as const,
      "folder" as const,
    ),
    name,
    to: name,
  }),
);

/** All but when a file got another name, which the kernel tells of that name alone. */
function told({ files, ...rest }: Listing) {
  return {
    ...rest,
    files: files.map(({ stats, ...file }) => ({
      ...file,
      ino: stats?.ino,
      size: stats?.size,
      time: stats?.mtimeNs,
    })),
  };
}

/** By the folder that it is in, of which the kernel tells, and by no link to that. */
function realName(name: string): string {
  const full = path.join(folder, name);
  return path.join(fs.realpathSync(path.dirname(full)), path.basename(full));
}

/** Does it, and gives what the kernel would tell of. */
function happen({ kind, name, to }: { kind: string; name: string; to: string }, text: string): string[] {
  try {
    const [one, other] = [realName(name), realName(to)];
    switch (kind) {
      case "write":
        fs.writeFileSync(one, text);
        // Through a link, it happens to what that is of.
        return [fs.realpathSync(one)];
      case "rename":
        fs.renameSync(one, other);
        return [one, other];
      case "link":
        fs.linkSync(one, other);
        return [other];
      case "symlink":
        fs.symlinkSync(one, other);
        return [other];
      case "remove":
        fs.rmSync(one, { recursive: true });
        return [one];
      default:
        fs.mkdirSync(one);
        return [one];
    }
  } catch {
    return [];
  }
}

test("whatever happens to the entries of its folders", () => {
  fc.assert(
    fc.property(fc.array(fc.array(operation, { maxLength: 3 }), { maxLength: 8 }), (rounds) => {
      fs.rmSync(folder, { recursive: true, force: true });
      fs.mkdirSync(path.join(folder, "other"), { recursive: true });
      fs.writeFileSync(path.join(folder, "a.yaml"), "first");
      const input = { paths: [folder], exclude: [] };
      const listing = new KnownListing(input);
      let text = "";
      for (const round of rounds) {
        listing.current();
        for (const operation of round) {
          text += "x";
          for (const touched of happen(operation, text)) {
            listing.touch(touched);
          }
        }
        expect(told(listing.current())).toEqual(told(listInputs(input)));
      }
    }),
    { numRuns: 100 },
  );
});

test("a file that is moved away, with a link to it in its place", () => {
  const [name, away] = [path.join(folder, "a.yaml"), path.join(folder, "notes.txt")];
  fs.writeFileSync(name, "first");
  const input = { paths: [folder], exclude: [] };
  const listing = new KnownListing(input);
  listing.current();
  fs.renameSync(name, away);
  fs.symlinkSync(away, name);
  listing.touch(name);
  listing.touch(away);
  expect(listing.current().links).toEqual([name]);
  expect(told(listing.current())).toEqual(told(listInputs(input)));
});

test("a change of one file of many is a look at that file", () => {
  for (let i = 0; i < 50; i++) {
    fs.writeFileSync(path.join(folder, `${i}.yaml`), "a");
  }
  const listing = new KnownListing({ paths: [folder], exclude: [] });
  const before = listing.current();
  expect(listing.current()).toBe(before);
  fs.writeFileSync(path.join(folder, "7.yaml"), "bb");
  vi.mocked(fs.statSync).mockClear();
  vi.mocked(fs.lstatSync).mockClear();
  listing.touch(path.join(folder, "7.yaml"));
  const after = listing.current();
  expect(fs.lstatSync).toHaveBeenCalledOnce();
  expect(fs.statSync).not.toHaveBeenCalled();
  expect(
    after.files.filter((file, i) => file !== before.files[i]).map(({ name }) => path.basename(name)),
  ).toEqual(["7.yaml"]);
});
