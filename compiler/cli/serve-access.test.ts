import { expect, test } from "vitest";
import { UsageError } from "./exit.ts";
import { type AccessFlags, readAccess } from "./serve-access.ts";

const LOCAL = { listen: "127.0.0.1:15010", http: "127.0.0.1:15014" };
const TLS = { tlsCert: "crt.pem", tlsKey: "key.pem" };

test("a server for this machine needs nothing", () => {
  expect(readAccess(LOCAL)).toEqual({
    identity: {},
    allowPlainText: false,
    http: { listen: "127.0.0.1:15014" },
  });
  expect(readAccess({ ...LOCAL, listen: "unix:/run/ads.sock", http: "off" })).not.toHaveProperty("http");
});

test.each<[string, Partial<AccessFlags> & { readonly listen?: string }]>([
  ["a certificate for clients", { listen: "0.0.0.0:1", ...TLS, tlsClientCa: "ca.pem" }],
  ["tokens behind TLS", { listen: "[::]:1", ...TLS, tokenFile: "tokens" }],
  ["a file of clients", { listen: "0.0.0.0:1", ...TLS, clients: "clients.yaml", http: "10.0.0.1:2" }],
  ["tokens on a network that encrypts", { listen: "0.0.0.0:1", tokenFile: "tokens", plainText: true }],
])("a server for others takes %s", (_, flags) => {
  expect(() => readAccess({ ...LOCAL, ...flags })).not.toThrow();
});

test.each<[Partial<AccessFlags> & { readonly listen?: string }, RegExp]>([
  [{ listen: "0.0.0.0:1" }, /--listen: .* in plain text; use --tls-cert and --tls-key/],
  [{ listen: "0.0.0.0:1", tokenFile: "tokens" }, /--listen: .* in plain text/],
  [{ listen: "0.0.0.0:1", ...TLS }, /--listen: .* anybody could ask .*; use --tls-client-ca/],
  [{ listen: "0.0.0.0:1", plainText: true }, /--listen: .* anybody could ask/],
  [{ http: "0.0.0.0:1" }, /--http: .* in plain text/],
  [{ listen: "example.com:80" }, /--listen: "example.com:80" is not valid/],
  [{ tlsCert: "crt.pem" }, /--tls-cert and --tls-key belong together/],
  [{ tlsClientCa: "ca.pem" }, /--tls-client-ca needs --tls-cert/],
])("%j does not protect what it opens", (flags, words) => {
  expect(() => readAccess({ ...LOCAL, ...flags })).toThrow(UsageError);
  expect(() => readAccess({ ...LOCAL, ...flags })).toThrow(words);
});
