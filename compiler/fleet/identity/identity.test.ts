import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EnvironmentError } from "../../platform/error.ts";
import { Identity, type IdentityFiles } from "./identity.ts";

const CLAIM = { id: "p1", namespace: "shop", labels: {} };
const OLD = "old-token-of-the-server";
const NEW = "new-token-of-the-server";

let folder: string;
let identity: Identity | undefined;
const problems: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-identity-"));
});
afterEach(() => {
  identity?.close();
  rmSync(folder, { recursive: true });
  problems.length = 0;
});

function file(name: string, text: string): string {
  const whole = path.join(folder, name);
  writeFileSync(whole, text);
  return whole;
}

function open(files: IdentityFiles): Identity {
  identity = new Identity(files, (line) => problems.push(line));
  return identity;
}

test("a token that is replaced is taken at once, and the old one no longer", async () => {
  const opened = open({ tokens: file("tokens", OLD) });
  const isAdmitted = (token: string) => "who" in opened.admit({ token }, CLAIM);
  expect([OLD, NEW].map(isAdmitted)).toEqual([true, false]);
  const changed = vi.fn();
  opened.onChange(changed);
  file("tokens", NEW);
  await expect.poll(() => [OLD, NEW].map(isAdmitted)).toEqual([false, true]);
  expect(changed).toHaveBeenCalledOnce();
  expect(opened.mayChange(NEW)).toBe(true);
});

test("a file that becomes unusable changes nothing, and a line says so", async () => {
  const clients = file("clients.yaml", "clients:\n  - tokenFile: shop.token\n    namespaces: [shop]\n");
  file("shop.token", OLD);
  const opened = open({ clients });
  expect(opened.admit({ token: OLD }, CLAIM)).toHaveProperty("who");
  file("shop.token", "short");
  await expect.poll(() => problems).toHaveLength(1);
  expect(problems[0]).toMatch(/shop.token: line 1 has a token of 5 characters.*stays in effect$/);
  expect(opened.admit({ token: OLD }, CLAIM)).toHaveProperty("who");
  file("shop.token", NEW);
  await expect.poll(() => opened.admit({ token: NEW }, CLAIM)).toHaveProperty("who");
});

test.each<[string, Record<string, string>, IdentityFiles, RegExp]>([
  ["a token file that is not there", {}, { tokens: "tokens" }, /cannot read .*tokens: it does not exist/],
  ["an empty token file", { tokens: "\n" }, { tokens: "tokens" }, /tokens: it has no token/],
  ["a broken clients file", { "c.yaml": "clients: 1" }, { clients: "c.yaml" }, /c.yaml is not valid/],
  [
    "a certificate that is none",
    { crt: "x", key: "y" },
    { certificate: "crt", key: "key" },
    /crt: the certificate is not valid PEM/,
  ],
])("%s stops the server at its start", (_, written, named, why) => {
  for (const [name, text] of Object.entries(written)) {
    file(name, text);
  }
  const files = Object.fromEntries(
    Object.entries(named).map(([key, name]) => [key, path.join(folder, name)]),
  );
  expect(() => open(files)).toThrow(EnvironmentError);
  expect(() => open(files)).toThrow(why);
});

test("tokens of proxies change the fleet only where no others are named for that", () => {
  const tokens = file("tokens", OLD);
  expect(open({ tokens }).mayChange(OLD)).toBe(true);
  identity?.close();
  const both = open({ tokens, httpTokens: file("http", NEW) });
  expect([OLD, NEW, undefined].map((token) => both.mayChange(token))).toEqual([false, true, false]);
  expect(both.admit({ token: NEW }, CLAIM)).toMatchObject({ status: "UNAUTHENTICATED" });
});
