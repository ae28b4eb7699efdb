import { afterEach, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { registryYaml } from "./registry.ts";
import { type Bookinfo, startBookinfo } from "./services/index.ts";

let bookinfo: Bookinfo;
afterEach(() => bookinfo.close());

describe("the registry", () => {
  test("has every service with its pods and ports", async () => {
    bookinfo = await startBookinfo(1);
    const documents = parseAllDocuments(registryYaml(bookinfo)).map((document) => document.toJS());
    const named = (kind: string) =>
      documents.filter((document) => document.kind === kind).map(({ metadata }) => metadata.name);
    const pods = ["details-v1", "productpage-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3"];
    expect(named("Service").sort()).toEqual(["details", "productpage", "ratings", "reviews"]);
    expect(named("Pod").sort()).toEqual(pods);
    expect(named("EndpointSlice").sort()).toEqual(pods);
    const reviews = documents.find(
      ({ kind, metadata }) => kind === "EndpointSlice" && metadata.name === "reviews-v2",
    );
    const v2 = bookinfo.services.find(({ app, version }) => app === "reviews" && version === "v2")!;
    expect(reviews.ports[0].port).toBe(v2.port);
    expect(reviews.metadata.labels["kubernetes.io/service-name"]).toBe("reviews");
    expect(documents.find(({ kind }) => kind === "WorkloadEntry").spec.ports.http).toBe(bookinfo.quotes.port);
  });
});
