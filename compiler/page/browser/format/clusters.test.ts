import { expect, test } from "vitest";
import { clusterText } from "./clusters.ts";

test.each([
  ["outbound|9080|v1|reviews.default.svc.cluster.local", "reviews:9080 v1"],
  ["outbound|80||api.shop.svc.cluster.local", "api.shop:80"],
  ["outbound|443||quotes.example.com", "quotes.example.com:443"],
  ["PassthroughCluster", "PassthroughCluster"],
  ["outbound|80|quotes.example.com", "outbound|80|quotes.example.com"],
])("%s", (name, text) => {
  expect(clusterText(name)).toBe(text);
});
