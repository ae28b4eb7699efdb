import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ListenerView } from "../../api.ts";
import { curlLine, quoted } from "./curl.ts";

const listener: ListenerView = {
  name: "gateway_8080",
  address: "127.0.0.1:8080",
  role: "gateway",
  tls: false,
  counted: true,
  hosts: [{ name: "shop", domains: ["*.shop.example", "shop.example:8080"], rules: [] }],
};

test("the first host that has a name is asked for, at an address that can be reached", () => {
  expect(curlLine(listener)).toBe("curl -i -H 'Host: shop.example' http://127.0.0.1:8080/");
  expect(curlLine({ ...listener, address: "0.0.0.0:80", hosts: [] })).toBe("curl -i http://127.0.0.1:80/");
  expect(curlLine({ ...listener, address: "[::]:80", hosts: [] })).toBe("curl -i http://127.0.0.1:80/");
});

test("with TLS the name is in the URL, for the handshake", () => {
  expect(curlLine({ ...listener, tls: true })).toBe(
    "curl -k --connect-to ::127.0.0.1:8080 https://shop.example/",
  );
});

test("a Unix socket has no such line", () => {
  expect(curlLine({ ...listener, address: "/run/shop.sock" })).toBeUndefined();
});

test("a shell takes whatever is quoted as one word", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii", minLength: 1 }), (text) => {
      expect(execFileSync("sh", ["-c", `printf %s ${quoted(text)}`], { encoding: "utf8" })).toBe(text);
    }),
    { numRuns: 30 },
  );
});
