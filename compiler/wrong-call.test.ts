import { describe, expect, test } from "vitest";
import { DEFAULT_PROXY_OPTIONS } from "./options.ts";
import { readProxy } from "./wrong-call.ts";

describe("a program's own options of a proxy", () => {
  test("what is left out, or undefined, has its default", () => {
    expect(readProxy("call: proxy", {})).toEqual(DEFAULT_PROXY_OPTIONS);
    expect(readProxy("call: proxy", { meshPort: undefined, adminPort: 1 })).toEqual({
      ...DEFAULT_PROXY_OPTIONS,
      adminPort: 1,
    });
  });

  test("what holds by default may be given, too", () => {
    expect(readProxy("call: proxy", DEFAULT_PROXY_OPTIONS)).toEqual(DEFAULT_PROXY_OPTIONS);
  });

  test.each([
    [{ meshPort: "x" }, '.meshPort must be an integer from 0 to 65535, got "x"'],
    [{ meshPort: "15001" }, '.meshPort must be an integer from 0 to 65535, got "15001"'],
    [{ meshPort: 1.5 }, ".meshPort must be an integer from 0 to 65535, got 1.5"],
    [{ adminPort: 65536 }, ".adminPort must be an integer from 0 to 65535, got 65536"],
    [{ concurrency: -1 }, ".concurrency must be an integer from 0 to 1024, got -1"],
    [{ target: "lua" }, '.target must be "wasm" or "native" or "auto", got "lua"'],
    [{ listenAddress: "localhost" }, '.listenAddress must be an IP address, got "localhost"'],
    [{ meshListeners: "yes" }, '.meshListeners must be true or false, got "yes"'],
    [
      { portMap: { 80: 8080 } },
      '.portMap must be a Map from port, or "gateway:PORT" or "mesh:PORT", to port, each an integer from 1 to 65535, got {"80":8080}',
    ],
    [
      { portMap: new Map([[80, 0]]) },
      '.portMap must be a Map from port, or "gateway:PORT" or "mesh:PORT", to port, each an integer from 1 to 65535, got a Map of [[80,0]]',
    ],
    [{ proxyLabels: { app: 1 } }, '.proxyLabels must be an object of strings, got {"app":1}'],
    [{ proxyLabels: new Map() }, ".proxyLabels must be an object of strings, got a Map of []"],
    [{ proxyNamespace: "My Team" }, '.proxyNamespace must be a name like "my-team", got "My Team"'],
    [
      { proxyLocality: "a//b" },
      '.proxyLocality must be REGION/ZONE/SUBZONE, the last two optional, or empty, got "a//b"',
    ],
    [{ secretsDirectory: "keys" }, '.secretsDirectory must be an absolute path, or empty, got "keys"'],
    [{ secretsDirectory: null }, ".secretsDirectory must be an absolute path, or empty, got null"],
    [{ meshport: 1 }, " has no option meshport; did you mean meshPort?"],
    [null, " needs an object of options, got null"],
    [[], " needs an object of options, got []"],
  ])("%j is refused by name", (options, message) => {
    expect(() => readProxy("call: proxy", options)).toThrow(new TypeError(`call: proxy${message}`));
  });

  test("what is like no option is told what there is", () => {
    expect(() => readProxy("call: proxy", { verbose: true })).toThrow(
      /^call: proxy has no option verbose; known options: target, listenAddress, .*identityDirectory$/,
    );
  });
});
