import { expect, test } from "vitest";
import { bytesOf, type OutputFiles } from "../../run/delivery/output-files.ts";
import { fleetBootstrap } from "./bootstrap.ts";
import type { FleetBootstrapOptions } from "./options.ts";

const text = (files: OutputFiles, name: string) => Buffer.from(bytesOf(files.get(name)!)).toString();
const made = (options: FleetBootstrapOptions) => JSON.parse(text(fleetBootstrap(options), "envoy.json"));

test("every option in its place", async () => {
  const files = fleetBootstrap({
    server: ["sluice-0.example:18000", "10.0.0.2:18000"],
    id: "edge-1",
    cluster: "edge",
    namespace: "shop",
    labels: { app: "edge" },
    locality: "eu/eu-1",
    target: "native",
    listenAddress: "::",
    portMap: new Map<number | `gateway:${number}`, number>([
      [80, 8080],
      ["gateway:443", 8443],
    ]),
    meshPort: 0,
    meshListeners: true,
    adminSocket: "/run/envoy/admin.sock",
    readyPort: 15_021,
    tlsCa: "/run/tls/ca.crt",
    tlsCert: "/run/tls/tls.crt",
    tlsKey: "/run/tls/tls.key",
    tlsServerName: "spiffe://cluster.local/ns/sluice/sa/sluice",
    token: "a-secret-of-a-proxy",
    file: "/etc/fleet/envoy.json",
  });
  expect([...files.keys()]).toEqual(["envoy.json", "envoy.authority.json", "envoy.certificate.json"]);
  for (const name of files.keys()) {
    await expect(text(files, name)).toMatchFileSnapshot(`golden/${name}`);
  }
  expect(JSON.stringify([...files])).not.toContain("a-secret");
});

test("what is not claimed is the server's to say", () => {
  expect(made({ server: "127.0.0.1:18000", id: "a" }).node).toEqual({
    id: "a",
    cluster: "sluice",
    metadata: {},
  });
});

test("a server of another machine speaks plain text only where that was asked for", () => {
  const { static_resources } = made({ server: "10.0.0.1:18000", id: "a", plainText: true });
  expect(static_resources.clusters[0].transport_socket).toBeUndefined();
});

test("two proxies of one machine have two admin interfaces", () => {
  const socket = (id: string) => made({ server: "127.0.0.1:18000", id }).admin.address.pipe.path;
  expect(socket("a")).not.toEqual(socket("b"));
});

test.each([
  ["10.0.0.1:18000", {}, "10.0.0.1", undefined],
  ["[fd00::1]:18000", {}, "fd00::1", undefined],
  ["sluice.example:18000", {}, "sluice.example", "sluice.example"],
  ["10.0.0.1:18000", { tlsServerName: "sluice.example" }, "sluice.example", "sluice.example"],
  ["10.0.0.1:18000", { tlsServerName: "spiffe://a/b" }, "spiffe://a/b", undefined],
])("the certificate of %s with %o has to be for %s", (server, more, name, sni) => {
  const { transport_socket } = made({ server, id: "a", tlsCa: "/ca", ...more }).static_resources.clusters[0];
  const { common_tls_context, ...rest } = transport_socket.typed_config;
  const names = common_tls_context.combined_validation_context.default_validation_context;
  const matched = names.match_typed_subject_alt_names.map(({ matcher }: { matcher: object }) => matcher);
  expect(new Set(matched.map((matcher: object) => JSON.stringify(matcher)))).toEqual(
    new Set([JSON.stringify({ exact: name })]),
  );
  expect(rest.sni).toBe(sni);
});

test.each<[unknown, string]>([
  [{ id: "a" }, "server must be an address and a port, or a list of them, got undefined"],
  [{ server: [] }, "server: no address"],
  [{ server: "a.example" }, '"a.example" is not valid; use an address and a port'],
  [{ server: "127.0.0.1:0" }, '"127.0.0.1:0" is not valid'],
  [{ server: "127.0.0.300:18000" }, '"127.0.0.300:18000" is not valid'],
  [{ server: "fd00::1:18000" }, '"fd00::1:18000" is not valid'],
  [{ server: "unix:ads.sock" }, '"unix:ads.sock" is not an absolute path'],
  [{ server: "10.0.0.1:18000" }, "10.0.0.1:18000 is not on this machine"],
  [{ server: ["unix:/a", "127.0.0.1:1"] }, "a Unix socket is the only server"],
  [{ server: "unix:/a", tlsCa: "/ca" }, "does not speak TLS"],
  [{ server: "10.0.0.1:1", tlsCa: "/ca", plainText: true }, "plainText and tlsCa exclude each other"],
  [{ server: "127.0.0.1:1", tlsCert: "/crt" }, "tlsCert needs tlsKey"],
  [{ server: "127.0.0.1:1", tlsKey: "/key" }, "tlsKey needs tlsCert"],
  [{ server: "127.0.0.1:1", tlsServerName: "a" }, "tlsServerName needs tlsCa"],
  [{ server: "127.0.0.1:1", tlsCa: "ca.pem" }, "tlsCa must be an absolute path"],
  [{ server: "127.0.0.1:1", token: "a b" }, "token is not valid: line 1 has characters"],
  [{ server: "127.0.0.1:1", id: "a b" }, "id must be a text of 1 to 253 characters without spaces"],
  [{ server: "127.0.0.1:1", label: {} }, "has no option label; did you mean labels?"],
])("a wrong call: %o", (options, words) => {
  expect(() => fleetBootstrap(options as FleetBootstrapOptions)).toThrow(words);
});
