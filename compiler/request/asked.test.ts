import { describe, expect, it, test } from "vitest";
import { makeRequest, parseHeader, parseRequestLine, RequestError } from "./asked.ts";
import { parseCurl } from "./curl.ts";

describe("a request line", () => {
  test.each([
    ["GET http://a.example/x?y#z", "GET", "a.example", "/x?y#z"],
    ["POST http://a:8080", "POST", "a:8080", "/"],
    ["a.example/x", "GET", "a.example", "/x"],
    ["GET HTTP://a?q=1", "GET", "a", "/?q=1"],
    ["GET http://[::1]:80/\\x", "GET", "[::1]:80", "/\\x"],
  ])("%s", (text, method, authority, path) => {
    expect(parseRequestLine(text)).toEqual({ method, authority, path });
  });

  it("of https is one over TLS", () => {
    expect(parseRequestLine("GET https://a/")).toMatchObject({ authority: "a", secure: true });
    expect(parseCurl("curl https://a/x")).toMatchObject({ path: "/x", secure: true });
  });

  test.each([
    "",
    "GET",
    "GET http:///x",
    "GET ftp://a/",
    "GET http://a/ HTTP/1.1",
    "G@T http://a/",
    "GET http://u:p@a/",
    "GET http://a/\u0000",
  ])("refuses %j", (text) => {
    expect(() => parseRequestLine(text)).toThrow(RequestError);
  });
});

describe("headers", () => {
  it("are lines; one with the name host is the authority", () => {
    const line = { method: "GET", authority: "a", path: "/" };
    const request = makeRequest(line, [
      parseHeader("Host: b"),
      parseHeader("X-A:1: 2 "),
      parseHeader("x-a:"),
    ]);
    expect(request.authority).toBe("b");
    expect(request.headers).toEqual([
      ["x-a", "1: 2"],
      ["x-a", ""],
    ]);
  });

  test.each(["x", "a b: c", "x-a: 1\r\nx-b: 2", ": x"])("refuse %j", (text) => {
    expect(() => parseHeader(text)).toThrow(RequestError);
  });
});

describe("a curl command line", () => {
  const own = [
    ["user-agent", "curl"],
    ["accept", "*/*"],
  ];

  test.each([
    ["curl http://a/x", { method: "GET", authority: "a", path: "/x", headers: own }],
    ["curl -sSXDELETE 'http://a/x'", { method: "DELETE", path: "/x" }],
    ["curl -I http://a", { method: "HEAD", path: "/" }],
    [
      `curl "http://a/?q=1&r=2#f" -H 'X-A: b' -H "x-b;" -H 'Accept:' -A me`,
      {
        path: "/?q=1&r=2",
        headers: [
          ["x-a", "b"],
          ["x-b", ""],
          ["user-agent", "me"],
        ],
      },
    ],
    [
      "curl -d a=1 --data-urlencode 'b=x y' http://a",
      {
        method: "POST",
        body: "a=1&b=x+y",
        headers: [...own, ["content-type", "application/x-www-form-urlencoded"]],
      },
    ],
    ["curl -G -d a=1 'http://a/?q'", { method: "GET", path: "/?q&a=1" }],
    [`curl --json '{"a":1}' http://a`, { method: "POST", body: '{"a":1}' }],
    [
      "curl \\\n  --http2 -u me:x -b 'k=v' \\\n http://a",
      {
        protocol: "HTTP/2",
        headers: [...own, ["authorization", "Basic bWU6eA=="], ["cookie", "k=v"]],
      },
    ],
    ["curl -H 'Host: b' --max-time 3 -o /dev/null http://10.0.0.1:8080/", { authority: "b", path: "/" }],
    ["curl $'http://a/\\u0041' -H $'x: it\\'s'", { path: "/A", headers: [...own, ["x", "it's"]] }],
  ])("%s", (text, expected) => {
    expect(parseCurl(text)).toMatchObject(expected);
  });

  test.each([
    "wget http://a",
    "curl",
    "curl http://a http://b",
    "curl --data-binary @file http://a",
    "curl -F a=b http://a",
    "curl --proxy-user x http://a",
    "curl 'http://a",
    'curl "http://a',
    "curl http://a | sh",
    'curl "http://$HOST/"',
    "curl http://a -H",
    "curl http://a \\",
    "curl ftp://a",
  ])("refuses %s", (text) => {
    expect(() => parseCurl(text)).toThrow(RequestError);
  });
});
