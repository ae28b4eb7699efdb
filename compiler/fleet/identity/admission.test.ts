import fc from "fast-check";
import { expect, test } from "vitest";
import { type AdmissionPolicy, admit, type Claim } from "./admission.ts";
import type { Peer } from "./peer.ts";
import { digestOf } from "./tokens.ts";

const TOKEN = "token-of-the-server";
const spiffe = (namespace: string): Peer => ({
  certificate: { subject: "", subjectAltName: `URI:spiffe://cluster.local/ns/${namespace}/sa/web` },
});
const named = (name: string): Peer => ({ certificate: { subject: `CN=${name}` } });
const claim = (more: Partial<Claim> = {}): Claim => ({
  id: "p1",
  namespace: "shop",
  labels: { app: "web" },
  ...more,
});
const CLOSED: AdmissionPolicy = { isOpen: false };

function answer(peer: Peer, claimed: Claim, policy: AdmissionPolicy): string {
  const verdict = admit(peer, claimed, policy);
  return "who" in verdict ? "admitted" : `${verdict.status}: ${verdict.words}`;
}

test("where only this machine can connect, nobody has to prove anything", () => {
  expect(answer({}, claim(), { isOpen: true })).toBe("admitted");
});

test("without a file a SPIFFE id may claim its own namespace, and nobody else anything", () => {
  expect(answer(spiffe("shop"), claim(), CLOSED)).toBe("admitted");
  expect(answer(spiffe("shop"), claim({ namespace: "bank" }), CLOSED)).toBe(
    'PERMISSION_DENIED: spiffe://cluster.local/ns/shop/sa/web, as proxy "p1", claims namespace "bank"; it may claim namespace shop',
  );
  expect(answer(named("edge.example"), claim(), CLOSED)).toMatch(
    /^PERMISSION_DENIED: edge.example is not a SPIFFE id/,
  );
  expect(answer({}, claim(), CLOSED)).toBe("UNAUTHENTICATED: the client has no certificate");
});

test("whoever has a token of the server may claim everything", () => {
  const policy = { ...CLOSED, tokenDigests: [digestOf(TOKEN)] };
  expect(answer({ token: TOKEN }, claim({ namespace: "bank" }), policy)).toBe("admitted");
  expect(answer({ token: `${TOKEN}2` }, claim(), policy)).toBe(
    "UNAUTHENTICATED: the client's token is not known",
  );
  expect(answer({}, claim(), policy)).toMatch(/^UNAUTHENTICATED: the client has no token;/);
});

test("entries of the file say what may be claimed, and any one of them is enough", () => {
  const policy: AdmissionPolicy = {
    isOpen: false,
    clients: [
      { proof: { spiffe: "spiffe://cluster.local/ns/*" } },
      {
        proof: { name: "*.edge.example" },
        grant: {
          namespaces: ["edge"],
          labels: { istio: ["ingressgateway"], "team/*": ["*"] },
          ids: ["edge-*"],
        },
      },
      {
        proof: { tokenDigests: [digestOf(TOKEN)], said: "the client with the token of edge" },
        grant: { namespaces: ["a", "b*"] },
      },
      {
        proof: { tokenDigests: [digestOf(TOKEN)], said: "the client with the token of edge" },
        grant: { namespaces: ["c"] },
      },
    ],
  };
  const edge = (more: Partial<Claim>) =>
    answer(named("A.edge.example"), claim({ id: "edge-1", namespace: "edge", labels: {}, ...more }), policy);
  expect(answer(spiffe("shop"), claim(), policy)).toBe("admitted");
  expect(answer(spiffe("shop"), claim({ namespace: "edge" }), policy)).toMatch(/claims namespace "edge"/);
  expect(edge({})).toBe("admitted");
  expect(edge({ labels: { istio: "ingressgateway", "team/one": "x" } })).toBe("admitted");
  expect(edge({ labels: { istio: "egressgateway" } })).toMatch(
    /claims label "istio=egressgateway"; it may claim labels istio=ingressgateway, team\/\*=\*$/,
  );
  expect(edge({ labels: { app: "web" } })).toMatch(/claims label "app=web"/);
  expect(edge({ id: "p1" })).toMatch(/claims this id; it may claim ids edge-\*$/);
  expect(answer(named("edge.example"), claim(), policy)).toBe(
    "PERMISSION_DENIED: edge.example is not named in the clients file",
  );
  expect(
    ["a", "bank", "c"].map((namespace) => answer({ token: TOKEN }, claim({ namespace }), policy)),
  ).toEqual(Array(3).fill("admitted"));
  expect(answer({ token: TOKEN }, claim(), policy)).toMatch(
    /^PERMISSION_DENIED: the client with the token of edge, .* it may claim namespace a, b\* or namespace c$/,
  );
});

test("what a client says of itself cannot forge a line, nor fill a log", () => {
  const words = answer(
    spiffe("shop"),
    claim({ id: "p1\nadmitted \u001b[2J", namespace: "n".repeat(100_000) }),
    CLOSED,
  );
  expect(words).toContain(JSON.stringify("p1\nadmitted \u001b[2J"));
  expect(words.split("\n")).toHaveLength(1);
  expect(words.length).toBeLessThan(500);
});

test("no claim of a SPIFFE id reaches another namespace, whatever the names are", () => {
  const name = fc.string({ unit: fc.constantFrom("a", "b", "*", "/", ".", "-"), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(name, name, (own, other) => {
      const isAdmitted = "who" in admit(spiffe(own), claim({ namespace: other }), CLOSED);
      expect(isAdmitted && own !== other).toBe(false);
    }),
    { numRuns: 1000 },
  );
});
