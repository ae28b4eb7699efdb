import { describe, expect, test } from "vitest";
import type { Listener, Route, RouteMatch, VirtualHost } from "../../compiler/ir/ir.ts";
import { appOf, requestFor } from "./requests.ts";

const listener: Listener = {
  name: "mesh",
  role: "mesh",
  address: "127.0.0.1",
  port: 15001,
  routes: { ignorePortInHost: false, virtualHosts: [] },
};

function request(
  match: Partial<RouteMatch>,
  domains = ["reviews.default.svc.cluster.local", "reviews", "reviews:9080"],
) {
  const host: VirtualHost = { name: "h", domains, routes: [] };
  const route = { name: "", match: { headers: [], queryParams: [], ...match } } as unknown as Route;
  return requestFor(listener, host, route);
}

describe("requestFor", () => {
  test("asks the shortest name, with its port", () => {
    expect(request({})).toEqual({ host: "reviews:9080", path: "/reviews/0", headers: {} });
    expect(request({}, ["quotes.example.com"])).toMatchObject({ host: "quotes.example.com", path: "/quote" });
    expect(request({}, ["*"])?.host).toBe("127.0.0.1:15001");
    expect(request({}, ["*.example.com"])?.host).toBe("www.example.com");
  });

  test("satisfies paths, headers and query parameters", () => {
    const match: RouteMatch = {
      path: { kind: "prefix", value: "/api/", ignoreCase: false },
      headers: [
        { name: "end-user", match: { kind: "exact", value: "jason" }, invert: false, missingAsEmpty: false },
        { name: "x-beta", match: { kind: "present" }, invert: false, missingAsEmpty: false },
        { name: "x-no", match: { kind: "present" }, invert: true, missingAsEmpty: false },
      ],
      queryParams: [{ name: "v", match: { kind: "exact", value: "2" } }],
    };
    expect(request(match)).toEqual({
      host: "reviews:9080",
      path: "/api/?v=2",
      headers: { "end-user": "jason", "x-beta": "yes" },
    });
  });

  test("gives up on what it cannot make up", () => {
    expect(request({ path: { kind: "regex", value: "/a.*", ignoreCase: false } })).toBeUndefined();
    expect(
      request({
        headers: [
          { name: ":method", match: { kind: "exact", value: "PUT" }, invert: false, missingAsEmpty: false },
        ],
      }),
    ).toBeUndefined();
  });
});

test("the app of a host", () => {
  expect(["reviews.default.svc.cluster.local:9080", "quotes.example.com", "details:9080"].map(appOf)).toEqual(
    ["reviews", "quotes", "details"],
  );
});
