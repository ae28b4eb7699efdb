/** `sluice explain` and `sluice test` of what comes over TLS: offline, and in a real Envoy. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority, tlsSecret } from "../harness/authority.ts";
import { sluiceHere } from "../harness/sluice-here.ts";

const RULES = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { istio: ingressgateway }
  servers:
  - { port: { number: 443, name: https, protocol: HTTPS }, hosts: [one.example], tls: { mode: SIMPLE, credentialName: one } }
  - { port: { number: 80, name: http, protocol: HTTP }, hosts: [one.example], tls: { httpsRedirect: true } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: one }
spec:
  hosts: [one.example]
  gateways: [edge]
  http:
  - name: secure
    match: [{ scheme: { exact: https } }]
    headers: { response: { set: { x-proto: "%REQ(x-forwarded-proto)%" } } }
    directResponse: { status: 200, body: { string: hello } }
`;
const CASES = `
name: over TLS
checks:
- { ask: "GET https://one.example/", expect: { route: secure, status: 200, body: hello, responseHeaders: { x-proto: https } } }
- { ask: "GET https://one.example/", http: "2", expect: { route: secure, status: 200, body: hello } }
- { ask: "GET http://one.example/x", expect: { status: 301, responseHeaders: { location: "https://one.example/x" } } }
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-answers-"));
  const authority = await Authority.create("authority");
  const secret = tlsSecret("one", await authority.issue({ names: ["one.example"] }));
  await writeFile(path.join(folder, "rules.yaml"), `${RULES}---\n${secret}\n`);
  await writeFile(path.join(folder, "cases.yaml"), CASES);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test.each([[[]], [["--envoy"]]])("the same result with %j", async (flags) => {
  const { code, out } = await sluiceHere(["test", "rules.yaml", "--cases", "cases.yaml", ...flags], folder);
  expect({ code, out: out.includes("3 passed") }, out).toEqual({ code: 0, out: true });
});

test("explain asks the listener that ends TLS, and never prints a key", async () => {
  const { code, out, err } = await sluiceHere(
    ["explain", "rules.yaml", "--request", "GET https://one.example/"],
    folder,
  );
  expect(code).toBe(0);
  expect(out).toContain("gateway_443");
  expect(out).toContain("x-proto: https");
  expect(out + err).not.toContain("PRIVATE KEY");
});

test("https at a listener without TLS is asked over HTTP/2, as behind a balancer that ends TLS", async () => {
  const at = ["explain", "rules.yaml", "--at", "gateway_80", "--request", "GET https://one.example/"];
  expect(await sluiceHere(at, folder)).toMatchObject({
    code: 0,
    out: expect.stringContaining("over HTTP/2, and says https in :scheme"),
  });
});
