/** Keys of tokens that Envoy fetches from their issuer: there, there later, never, and too slowly. For both targets. */

import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ask } from "../harness/client.ts";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";
import { Mesh } from "../harness/mesh.ts";
import { JWKS, token } from "../harness/tokens.ts";

const ADDRESS = "127.76.0.1";

let server: http.Server;
let uri: string;
/** What the issuer does when it is asked. */
let answer: (response: http.ServerResponse) => void;
let asked = 0;

beforeAll(async () => {
  server = http.createServer(KEPT_CONNECTIONS, (_request, response) => {
    asked += 1;
    answer(response);
  });
  await once(server.listen(0, ADDRESS), "listening");
  uri = `http://${ADDRESS}:${(server.address() as AddressInfo).port}/keys`;
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

beforeEach(() => {
  asked = 0;
});

function rules(): string[] {
  const resource = (apiVersion: string, kind: string, name: string, spec: object) =>
    JSON.stringify({ apiVersion, kind, metadata: { name, namespace: "default" }, spec });
  const networking = "networking.istio.io/v1";
  return [
    resource(networking, "Gateway", "edge", {
      selector: { istio: "ingressgateway" },
      servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
    }),
    resource("security.istio.io/v1", "RequestAuthentication", "tokens", {
      jwtRules: [{ issuer: "https://id.example.com", jwksUri: uri, timeout: "100ms" }],
    }),
    resource(networking, "VirtualService", "site", {
      hosts: ["a.example"],
      gateways: ["edge"],
      http: [
        {
          match: [{ headers: { "@request.auth.claims.groups": { exact: "admin" } } }],
          directResponse: { status: 200, body: { string: "admin" } },
        },
        { directResponse: { status: 200, body: { string: "everybody" } } },
      ],
    }),
  ];
}

const TOKEN = { authorization: `Bearer ${token({ groups: ["admin"] })}` };
const FORGED = { authorization: `Bearer ${token({ groups: ["admin"] }, "forged")}` };
const REFUSED = [401, "Jwks remote fetch is failed"];

test.each(["wasm", "native"] as const)("keys of an issuer, target %s", async (target) => {
  const mesh = await Mesh.create({ target });
  try {
    answer = (response) => void response.writeHead(503).end();
    const { ports, diagnostics } = await mesh.apply(rules());
    expect(diagnostics).toEqual([]);
    const said = async (headers: Record<string, string> = {}) => {
      const { status, body } = await ask(ports.get("gateway_80")!, { host: "a.example", path: "/", headers });
      return [status, body];
    };
    // Never there: nothing with a token gets in, and everything without one does.
    expect(await said(TOKEN)).toEqual(REFUSED);
    expect(await said(FORGED)).toEqual(REFUSED);
    expect(await said()).toEqual([200, "everybody"]);
    // No keys at all.
    answer = (response) => void response.end("<html></html>");
    expect((await said(TOKEN))[0]).toBe(401);
    // Too slow: as long as the rule says, and no longer.
    answer = () => {};
    expect(await said(TOKEN)).toEqual(REFUSED);
    // There after all.
    answer = (response) => void response.end(JWKS);
    await expect.poll(() => said(TOKEN)).toEqual([200, "admin"]);
    expect(await said(FORGED)).toEqual([401, "Jwt verification fails"]);
    // They are kept.
    const before = asked;
    answer = (response) => void response.writeHead(503).end();
    expect(await said(TOKEN)).toEqual([200, "admin"]);
    expect(asked).toBe(before);
  } finally {
    await mesh.close();
  }
});
