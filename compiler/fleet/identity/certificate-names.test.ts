import { expect, test } from "vitest";
import { namesOf } from "./certificate-names.ts";

const ID = "spiffe://cluster.local/ns/shop/sa/web";

test.each([
  ["a SPIFFE id of Istio's form", `URI:${ID}`, { spiffe: { text: ID, namespace: "shop" }, names: [] }],
  [
    "beside DNS names",
    `DNS:Web.shop, URI:${ID}`,
    { spiffe: { text: ID, namespace: "shop" }, names: ["web.shop"] },
  ],
  ["an id of another form", "URI:spiffe://a/b", { spiffe: { text: "spiffe://a/b" }, names: [] }],
  ["two ids: nobody could say which", `URI:${ID}, URI:${ID}2`, { names: [] }],
  ["not an id", "URI:https://a/ns/shop/sa/web", { names: [] }],
  ["an id with dots for parts", "URI:spiffe://a/ns/../sa/web", { names: [] }],
  ["an id with a query", "URI:spiffe://a/ns/shop/sa/web?x", { names: [] }],
  ["a name with a comma in it is one name", `DNS:"a, URI:${ID}"`, { names: [`a, uri:${ID}`] }],
  ["what cannot be read is not believed", `DNS:"a, URI:${ID}`, { names: [] }],
  ["an address is not a name", "IP Address:127.0.0.1", { names: [] }],
])("%s", (_, subjectAltName, names) => {
  expect(namesOf({ subject: "CN=Common", subjectAltName })).toEqual(names);
});

test("the common name counts where there is no other name, and only one", () => {
  expect(namesOf({ subject: "O=shop\nCN=Edge.example" })).toEqual({ names: ["edge.example"] });
  expect(namesOf({ subject: "CN=a\nCN=b" })).toEqual({ names: [] });
});
