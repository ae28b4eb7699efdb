/** Calls that are wrong: an exit code, and one line that says what to write instead. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommandLine } from "./commands.ts";
import { Terminal } from "./terminal.ts";

const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a }
spec:
  hosts: [a.example]
  http: [{ redirect: { uri: /x } }]
`;

const home = process.cwd();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-calls-"));
  process.chdir(folder);
  writeFileSync("good.yaml", RULES);
  writeFileSync("binary.yaml", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0, 0]));
  writeFileSync("deep-config.yaml", "[".repeat(200_000));
  writeFileSync("wrong-config.yaml", "path: good.yaml\n");
  writeFileSync("case.yaml", "name: a\nchecks: [{ ask: GET http://a.example/, expect: { status: 301 } }]\n");
  mkdirSync("empty");
  mkdirSync("full");
  writeFileSync(path.join("full", "good.yaml"), RULES);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

const JOIN = ["bootstrap", "--server", "127.0.0.1:18000"];
const FAR = ["bootstrap", "--server", "10.0.0.1:18000"];
const RELAY = ["serve", "--upstream"];
const EXPORT = ["export", "good.yaml", "--output", "exported", "--to"];
const EXPLAIN = ["explain", "good.yaml", "--request"];

test.each<readonly [name: string, args: readonly string[], code: number, words: string]>([
  ["no command", [], 2, "sluice check rules/"],
  ["no command, but an option", ["--color", "never"], 2, "Usage: sluice"],
  ["an unknown command", ["frobnicate"], 2, "All commands: sluice help"],
  ["a command with a slip", ["chekc"], 2, "Did you mean check?"],
  ["help for an unknown command", ["help", "frobnicate"], 2, "unknown command 'frobnicate'"],
  ["help for a command with a slip", ["help", "expalin"], 2, "Did you mean explain?"],
  ["an unknown way of coloring", ["--color", "blue", "check", "good.yaml"], 2, "auto, always, never"],
  ["an unknown flag", ["check", "good.yaml", "--strikt"], 2, "Did you mean --strict?"],
  ["an unknown flag like no other", ["check", "--xyzzy"], 2, "Its options: sluice help check"],
  ["an unknown format", ["check", "good.yaml", "--format", "xml"], 2, "text, json, sarif, github"],
  ["a flag without its value", ["build", "good.yaml", "--out"], 2, "--out"],
  ["a choice that would colour the terminal", ["check", "--target", "\u001b[31m"], 2, "\\u001b[31m"],
  ["a listener that would", [...EXPLAIN, "http://a/", "--at", "\u001b[31m"], 2, "\\u001b[31m"],
  ["a path that would", ["check", "\u001b[31m"], 1, "\\u001b[31m"],
  ["a code that is none", ["check", "--explain", "SL0027"], 2, "did you mean SL0"],
  ["codes as SARIF", ["check", "--explain", "all", "--format", "sarif"], 2, "text or json"],
  ["an empty path", ["check", ""], 1, '""'],
  ["a path with a NUL", ["check", "a\u0001b"], 1, "it does not exist"],
  ["a name too long", ["check", "x".repeat(5000)], 1, "its name is too long"],
  ["a directory without rules", ["check", "empty"], 1, "empty contains no .yaml"],
  ["a file that is no text", ["check", "binary.yaml"], 1, "is not UTF-8"],
  ["a configuration that is a directory", ["check", "--config", "empty"], 2, "it is a directory"],
  ["a configuration that nests deep", ["check", "--config", "deep-config.yaml"], 2, "nested more than"],
  ["a configuration with a slip", ["check", "--config", "wrong-config.yaml"], 2, 'did you mean "paths"?'],
  ["a proxy that joins nobody", ["bootstrap", "--id", "a"], 2, "required option '--server"],
  ["a proxy without a name", [...JOIN], 2, "required option '--id"],
  ["a name that is none", [...JOIN, "--id", "a b"], 2, '--id: "a b" is not valid'],
  ["a relay without a state", [...RELAY, "127.0.0.1:18000"], 2, "--upstream needs --state"],
  ["a relay of rules", [...RELAY, "127.0.0.1:18000", "--state", "s", "good.yaml"], 2, "name no paths"],
  ["a relay to nowhere", [...RELAY, "edge", "--state", "s"], 2, "an address and a port"],
  ["a far server of a relay", [...RELAY, "10.0.0.1:18000", "--state", "s"], 2, "name --upstream-tls-ca"],
  ["an address without a port", ["bootstrap", "--server", "edge", "--id", "a"], 2, "an address and a port"],
  ["a far server without TLS", [...FAR, "--id", "a"], 2, "10.0.0.1:18000 is not on this machine"],
  [
    "a certificate without its key",
    [...FAR, "--id", "a", "--tls-cert", "a"],
    2,
    "--tls-cert needs --tls-key",
  ],
  ["certificates without a place", [...FAR, "--id", "a", "--tls-ca", "a"], 2, "--tls-ca needs --out"],
  ["a token that is not there", [...JOIN, "--id", "a", "--token-file", "b"], 2, "b: it does not exist"],
  [
    "a token that is none",
    [...JOIN, "--id", "a", "--token-file", "good.yaml"],
    2,
    "--token-file: good.yaml: line 1",
  ],
  [
    "a fleet for Istio",
    [...EXPORT, "istio", "--fleet", "--server-image", "a/b:1"],
    2,
    "is for --to kubernetes",
  ],
  ["a fleet without a server", [...EXPORT, "kubernetes", "--fleet"], 2, "--fleet needs --server-image"],
  ["a server without a fleet", [...EXPORT, "kubernetes", "--server-image", "a/b:1"], 2, "is for --fleet"],
  ["a build without a place", ["build", "good.yaml"], 2, "--out"],
  ["a build below a file", ["build", "good.yaml", "--out", "good.yaml/x"], 3, "not a directory"],
  [
    "a build where nothing can be made",
    ["build", "good.yaml", "--out", "/proc/sluice/x"],
    3,
    "cannot be created",
  ],
  [
    "a build over other files",
    ["build", "good.yaml", "--out", "full"],
    2,
    "which is not from an earlier build",
  ],
  [
    "a port mapped twice",
    ["build", "good.yaml", "--out", "o", "--port-map", "80=1", "--port-map", "80=2"],
    2,
    "port 80",
  ],
  ["no request", ["explain", "good.yaml"], 2, "--request"],
  ["two requests", [...EXPLAIN, "http://a/", "--curl", "curl http://a/"], 2, "cannot be combined"],
  ["an empty request", [...EXPLAIN, ""], 2, "METHOD http://host/path"],
  ["a listener that is not there", [...EXPLAIN, "http://a/", "--at", "mash"], 2, "known listeners: mesh"],
  ["a target without a filter", [...EXPLAIN, "http://a/", "--target", "native"], 2, "remove --target"],
  ["a connection without a port", ["explain", "good.yaml", "tcp://a"], 2, "names no port"],
  ["a connection with a slip", [...EXPLAIN, "tcp:/a:1"], 2, "tcp://host:port"],
  [
    "a connection with headers",
    ["explain", "good.yaml", "tcp://a:1", "-H", "x: y"],
    2,
    "--header is of an HTTP",
  ],
  ["a connection and a request", ["explain", "good.yaml", "tcp://a:1", "http://a/"], 2, "one at a time"],
  ["a connection to a name", ["explain", "good.yaml", "tcp://a:1", "--to", "b"], 2, "not a valid address"],
  ["a request with ALPN", [...EXPLAIN, "http://a/", "--alpn", "h2"], 2, "tls://server.name"],
  ["protocols without a name", ["explain", "good.yaml", "tls://a", "--alpn", "h2,"], 2, "h2,http/1.1"],
  ["a listener without it", ["explain", "good.yaml", "tls://a", "--at", "mash"], 2, "known listeners: mesh"],
  ["no cases", ["test", "good.yaml"], 2, "--cases"],
  ["cases without end", ["test", "good.yaml", "--cases", "/dev/zero"], 1, "larger than"],
  ["standard input twice", ["test", "-", "--cases", "-"], 2, "cannot be both rules and cases"],
  [
    "a threshold of 101",
    ["test", "good.yaml", "--cases", "case.yaml", "--coverage-threshold", "101"],
    2,
    "from 0 to 100",
  ],
  ["one side only", ["diff", "good.yaml"], 2, "new"],
  ["both sides on standard input", ["diff", "-", "-"], 2, "cannot be both old and new"],
  ["a schema that is not there", ["schema", "rules"], 2, "config, cases"],
  ["a schema by name and into a folder", ["schema", "config", "--out", "o"], 2, 'remove "config"'],
  ["a blob that is a directory", ["inspect", "empty"], 2, "it is a directory"],
])("%s", async (_name, args, wanted, words) => {
  let said = "";
  const stream = {
    write: (text: string) => {
      said += text;
    },
  };
  const code = await runCommandLine(args, new Terminal(stream, stream));
  expect({ code, said }).toEqual({ code: wanted, said: expect.stringContaining(words) });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these would steer a terminal
  expect(said).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
  expect(said).not.toMatch(/\n\s+at .*:\d+:\d+|bug in Sluice|undefined|\[object/);
  expect(readdirSync(folder).filter((name) => name === "o" || name === "out")).toEqual([]);
});
