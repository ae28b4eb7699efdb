import { describe, expect, test } from "vitest";
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

  test("of https is one over TLS", () => {
    expect(parseRequestLine("GET https://a/")).toMatchObject({ authority: "a", secure: true });
    expect(parseCurl("curl https://a/x")).toMatchObject({ path: "/x", secure: true });
  });

  test("of another scheme keeps it, in lower case", () => {
    expect(parseRequestLine("GET FTP://a/")).toMatchObject({ authority: "a", scheme: "ftp" });
    expect(parseRequestLine("GET HTTP://a/")).not.toHaveProperty("scheme");
  });

  test.each([
    "",
    "GET",
    "GET http:///x",
    "GET http://a/ HTTP/1.1",
    "G@T http://a/",
    "GET http://u:p@a/",
    "GET http://a/\u0000",
  ])("refuses %j", (text) => {
    expect(() => parseRequestLine(text)).toThrow(RequestError);
  });
});

describe("headers", () => {
  test("are lines; one with the name host is the authority", () => {
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
          ["user-agent", "me"],
          ["x-a", "b"],
          ["x-b", ""],
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
        protocol: "HTTP/1.1",
        headers: [...own, ["authorization", "Basic bWU6eA=="], ["cookie", "k=v"]],
      },
    ],
    ["curl -H 'Host: b' --max-time 3 -o /dev/null http://10.0.0.1:8080/", { authority: "b", path: "/" }],
    [
      "curl -b a=1 -b b=2 -A '' -e 'http://r/;auto' http://a",
      {
        headers: [
          ["accept", "*/*"],
          ["cookie", "a=1;b=2"],
          ["referer", "http://r/"],
        ],
      },
    ],
    [
      "curl -u me:x -b k=v -r 0-9 -H 'authorization: x' -H 'cookie: y' http://a",
      { headers: [...own, ["range", "bytes=0-9"], ["authorization", "x"], ["cookie", "y"]] },
    ],
    [
      "curl http://me:%78@a:80/x",
      { authority: "a", path: "/x", headers: [...own, ["authorization", "Basic bWU6eA=="]] },
    ],
    ["curl https://a:443/", { authority: "a", secure: true }],
    ["curl https://a:80/", { authority: "a:80" }],
    ["curl http://a/x/../y/./z/..?q=/../", { path: "/y/?q=/../" }],
    ["curl --path-as-is http://a/x/../y/.", { path: "/x/../y/." }],
    ["curl -g 'http://[::1]:8080/{é}[1-2]?%zz'", { authority: "[::1]:8080", path: "/{%C3%A9}[1-2]?%zz" }],
    [
      "curl -G --data-urlencode \"q=!'()*~é \" --url-query a=b 'http://a/#?x'",
      { path: "/?a=b&q=%21%27%28%29%2A~%C3%A9+" },
    ],
    [
      "curl -G --data-urlencode 'a@b=@c' --data-urlencode $'\\ud800' http://a",
      { path: "/?a@b=%40c&%EF%BF%BD" },
    ],
    ["curl --request-target '*' -X OPTIONS http://a/x", { method: "OPTIONS", path: "*" }],
    ["curl --http2 https://a", { protocol: "HTTP/2" }],
    ["curl --http2-prior-knowledge http://a", { protocol: "HTTP/2" }],
    ["curl --http2 http://a", { protocol: "HTTP/1.1" }],
    [
      "curl http://a#b -d $'\\101\\?\\U0001F600' # as POST\n -H x:1",
      { body: "A?😀", headers: [...own, ["content-type", "application/x-www-form-urlencoded"], ["x", "1"]] },
    ],
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
    "curl 'web+x://a'",
    "curl http:/a/x",
    "curl 'http://a/{b,c}'",
    "curl 'http://a/?x[]=1'",
    "curl -0 http://a",
    "curl -I -d x http://a",
    "curl --data-urlencode name@file http://a",
    "curl -A $'x\\ny: z' http://a",
  ])("refuses %s", (text) => {
    expect(() => parseCurl(text)).toThrow(RequestError);
  });
});
