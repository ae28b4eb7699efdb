import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FileLease } from "./lease.ts";
import { Peers } from "./peers.ts";
import { identityOf } from "./process-identity.ts";
import { GONE_AFTER_MS, Pulse } from "./pulse.ts";

let directory: string;
const notices: string[] = [];
const leases: FileLease[] = [];

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "sluice-lease-"));
});

afterEach(async () => {
  await Promise.all(leases.splice(0).map((lease) => lease.close()));
  await rm(directory, { recursive: true, force: true });
  expect(notices.splice(0)).toEqual([]);
});

function stand(): { readonly lease: FileLease; readonly terms: (number | undefined)[] } {
  const lease = new FileLease(directory, (line) => notices.push(line));
  const terms: (number | undefined)[] = [];
  void lease.start((term) => terms.push(term));
  leases.push(lease);
  return { lease, terms };
}

test("one of many has it; the next one has a higher term", async () => {
  const all = Array.from({ length: 8 }, stand);
  const holders = () => all.filter(({ lease }) => lease.term !== undefined);
  await expect.poll(() => holders()).toHaveLength(1);
  const [first] = holders();
  await first!.lease.close();
  await expect.poll(() => holders()).toHaveLength(1);
  const [second] = holders();
  expect(second!.terms).toEqual([second!.lease.term]);
  expect(first!.lease.term).toBeUndefined();
  await expect.poll(() => readdir(directory)).toHaveLength(1);
});

test("terms go on from what is written, not from leases alone", async () => {
  await writeFile(path.join(directory, "journal-0000000041"), "");
  const { terms } = stand();
  await expect.poll(() => terms).toEqual([42]);
});

test("the death of a holder is known at once", async () => {
  const child = spawn("sleep", ["60"]);
  const identity = await identityOf(child.pid!);
  await writeFile(path.join(directory, "lease-0000000001"), JSON.stringify(identity));
  const { lease, terms } = stand();
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(lease.term).toBeUndefined();
  child.kill("SIGKILL");
  await expect.poll(() => terms).toEqual([2]);
});

test("whoever finds a higher term has lost", async () => {
  const { lease, terms } = stand();
  await expect.poll(() => terms).toEqual([1]);
  await writeFile(path.join(directory, "lease-0000000002"), "");
  await expect.poll(() => terms).toEqual([1, undefined]);
  expect(lease.term).toBeUndefined();
});

test("one that nobody touches is gone after a while, whatever its clock says", () => {
  const pulse = new Pulse();
  expect(pulse.isAlive("a", 5, 0)).toBe(true);
  expect(pulse.isAlive("a", 5, GONE_AFTER_MS - 1)).toBe(true);
  expect(pulse.isAlive("a", 4, GONE_AFTER_MS)).toBe(true);
  expect(pulse.isAlive("a", 4, 2 * GONE_AFTER_MS)).toBe(false);
});

test("servers tell each other what they have, and nothing of those that are gone", async () => {
  const [a, b] = ["a", "b"].map((id) => new Peers<object>(directory, id, (line) => notices.push(line)));
  a!.publish({ proxies: 1 });
  b!.publish({ proxies: 2 });
  b!.publish({ proxies: 3 });
  await writeFile(path.join(directory, "server-c.json"), "{ half");
  await vi.waitFor(async () => expect([...(await a!.others())]).toEqual([["b", { proxies: 3 }]]), 30_000);
  await b!.close();
  expect([...(await a!.others())]).toEqual([]);
  await a!.close();
});
