/** Who asks a request that the page explains: its address, its token, or only what that says. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { ISSUER, JWKS, token } from "../../test/harness/tokens.ts";
import { texts } from "../source/texts.ts";
import { Workspace } from "../workspace.ts";
import type { AskingClient } from "./api.ts";
import { SessionPage } from "./session-page.ts";

const RULES = `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { ports: [{ port: 80, name: http }] }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: tokens, namespace: istio-system }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  jwtRules: [{ issuer: "${ISSUER}", forwardOriginalToken: true, jwks: '${JWKS}' }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  gateways: [edge]
  http:
  - name: testers
    match: [{ headers: { "@request.auth.claims.group": { exact: testers } } }]
    route: [{ destination: { host: shop } }]
  - { name: all, route: [{ destination: { host: shop } }] }
`;
const PROXIES_IN_FRONT = `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: { name: mesh, namespace: istio-system }
spec: { meshConfig: { defaultConfig: { gatewayTopology: { numTrustedProxies: 1 } } } }
`;
const SITE = "http://shop.example/";
const TESTER = { group: "testers" };

let workspace: Workspace;
let page: SessionPage;

beforeAll(async () => {
  workspace = new Workspace({ source: texts({ "rules.yaml": RULES, "mesh.yaml": PROXIES_IN_FRONT }) });
  const { compilation } = await workspace.compile();
  page = new SessionPage(
    { listen: () => () => {}, apply: () => false },
    {
      workspace,
      compilation: compilation!,
      live: { async *watch() {}, history: () => ({ stepMs: 5000, requests: [] }) },
      tap: { open: () => Promise.reject(new Error("nobody samples")) },
    },
  );
});

afterAll(async () => {
  page.close();
  await workspace.dispose();
});

async function explained(client?: AskingClient, text = SITE) {
  const answer = await page.explain({ text, ...(client && { client }) });
  if ("problem" in answer) {
    throw new Error(answer.problem);
  }
  return answer;
}

async function ruleFor(client?: AskingClient, text?: string): Promise<string> {
  const { rule, decision } = (await explained(client, text)).explanation;
  return rule?.name ?? `${decision.status} ${decision.by}: ${decision.why}`;
}

test("a token is verified, wherever it stands", async () => {
  const jwt = token(TESTER);
  expect(await ruleFor()).toBe("all");
  expect(await ruleFor({ jwt })).toBe("testers");
  expect(await ruleFor({}, `curl -H 'Authorization: Bearer ${jwt}' ${SITE}`)).toBe("testers");
  expect(await ruleFor({}, `curl --oauth2-bearer ${jwt} ${SITE}`)).toBe("testers");
  expect(await ruleFor({ jwt }, `curl -d a=1 ${SITE}`)).toBe("testers");
  expect(
    (
      (await page.explain({
        request: { method: "GET", url: SITE, headers: [] },
        client: { jwt },
      })) as Awaited<ReturnType<typeof explained>>
    ).explanation.rule?.name,
  ).toBe("testers");
  const { seen } = (await explained({ jwt })).explanation;
  expect(seen?.claims).toMatchObject({ ...TESTER, iss: ISSUER });
});

test("what verifying says of a bad one is the answer", async () => {
  const bad = token(TESTER, "forged");
  expect(await ruleFor({ jwt: bad })).toMatch(/^401 unauthenticated: /);
  expect(await ruleFor({}, `curl -H 'Authorization: Bearer ${bad}' ${SITE}`)).toMatch(
    /^401 unauthenticated: /,
  );
});

test("claims stand for a token that was verified", async () => {
  expect(await ruleFor({ claims: JSON.stringify(TESTER) })).toBe("testers");
  expect(await ruleFor({ claims: '{"group": "others"}' })).toBe("all");
});

test("the client's address is what the proxies in front say of it", async () => {
  const client = async (asking: AskingClient | undefined, text?: string) =>
    (await explained(asking, text)).explanation.seen?.client;
  expect(await client(undefined)).toEqual({ address: "127.0.0.1", by: "connection" });
  expect(await client({ from: " 203.0.113.7 " })).toEqual({ address: "203.0.113.7", by: "x-forwarded-for" });
  const curl = `curl --haproxy-protocol --haproxy-clientip 203.0.113.8 ${SITE}`;
  expect(await client(undefined, curl)).toEqual({ address: "203.0.113.8", by: "x-forwarded-for" });
  expect(await client({ from: "203.0.113.7" }, curl)).toMatchObject({ address: "203.0.113.7" });
  expect((await explained({ from: "203.0.113.7" })).text).toContain("from 203.0.113.7");
});

test.each<[string, AskingClient, RegExp]>([
  ["an address with a port", { from: "203.0.113.7:80" }, /not a valid address of a client/],
  ["half a token", { jwt: "a b" }, /HEADER\.PAYLOAD\.SIGNATURE/],
  ["claims that are no object", { claims: "[1]" }, /the claims are not a JSON object; write/],
  ["a token and claims", { jwt: "a.b.c", claims: "{}" }, /cannot be combined/],
])("of %s it is said what is wrong with it", async (_, client, words) => {
  expect(await page.explain({ text: SITE, client })).toEqual({ problem: expect.stringMatching(words) });
});

test("a token is not in the answer, though rules and upstream see it", async () => {
  const jwt = token(TESTER);
  const answer = await explained({ jwt });
  expect(JSON.stringify(answer)).not.toContain(jwt.split(".")[2]);
  expect(answer.explanation.seen?.headers).toContainEqual({ name: "authorization", value: "Bearer …" });
  expect(answer.text).toContain("authorization: Bearer …");
});
