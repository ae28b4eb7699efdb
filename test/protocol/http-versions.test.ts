/** The same rules over HTTP/1.1 and HTTP/2, on either side of the proxy. */

import http2 from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ask, askHttp2, Connection, formatRequest } from "../harness/client.ts";
import { SIDES } from "./both-targets.ts";
import { useOneAndTwo } from "./one-and-two.ts";

const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: one, namespace: shop }
spec:
  hosts: [one, two]
  http:
  - match: [{ uri: { exact: /slow } }]
    fault: { delay: { fixedDelay: 0.5s, percentage: { value: 100 } } }
    route: [{ destination: { host: one } }]
  - match: [{ uri: { exact: /slow-two } }]
    fault: { delay: { fixedDelay: 0.1s, percentage: { value: 100 } } }
    route: [{ destination: { host: two } }]
  - match: [{ uri: { exact: /aborted } }]
    fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }
    route: [{ destination: { host: one } }]
  - match: [{ uri: { exact: /fixed } }]
    directResponse: { status: 203, body: { string: by the proxy } }
  - match: [{ headers: { cookie: { regex: "(.*; )?user=jason(;.*)?" } } }]
    route: [{ destination: { host: two } }]
  - match: [{ authority: { exact: two } }]
    route: [{ destination: { host: two } }]
  - match: [{ uri: { prefix: /one } }]
    route: [{ destination: { host: one } }]
  - match: [{ uri: { prefix: /two } }]
    route: [{ destination: { host: two } }]
`;

const world = useOneAndTwo(RULES);

describe.each(SIDES)("target %s", (side) => {
  const port = () => world.proxy.ports[side];

  test.each([
    ["HTTP/1.1", ask],
    ["HTTP/2", askHttp2],
  ])("%s to upstreams of both versions", async (_, send) => {
    for (const service of ["one", "two"]) {
      const answer = await send(port(), { method: "PUT", path: `/${service}?a=1`, host: "one", body: "abc" });
      expect(answer.status).toBe(200);
      expect(answer.headers["x-service"]).toEqual([service]);
      expect(JSON.parse(answer.body)).toMatchObject({
        method: "PUT",
        path: `/${service}?a=1`,
        host: "one",
        bytes: 3,
      });
    }
    expect((await send(port(), { path: "/", host: "two" })).headers["x-service"]).toEqual(["two"]);
    expect(await send(port(), { path: "/aborted", host: "one" })).toMatchObject({
      status: 418,
      body: "fault filter abort",
    });
    expect(await send(port(), { path: "/fixed", host: "one" })).toMatchObject({
      status: 203,
      body: "by the proxy",
    });
    expect((await send(port(), { path: "/none", host: "one" })).status).toBe(404);
  });

  test("HEAD: what the proxy answers itself has no body either", async () => {
    const connection = await Connection.open(port());
    for (const [path, status] of [
      ["/aborted", 418],
      ["/fixed", 203],
      ["/none", 404],
      ["/one", 200],
    ] as const) {
      // A body that should not be there would be read as the next answer.
      expect((await connection.request({ method: "HEAD", path, host: "one" })).status).toBe(status);
    }
    connection.close();
  });

  test("cookies that HTTP/2 splits into several lines are one header for a rule", async () => {
    const headers = { cookie: ["a=1", "user=jason", "b=2"] };
    const answer = await askHttp2(port(), { path: "/one", host: "one", headers });
    expect(answer.headers["x-service"]).toEqual(["two"]);
    expect(JSON.parse(answer.body).headers.cookie).toBe("a=1; user=jason; b=2");
  });

  test("an HTTP/2 request's authority wins over its host header", async () => {
    const answer = await askHttp2(port(), { path: "/", host: "two", headers: { host: "one" } });
    expect(answer.headers["x-service"]).toEqual(["two"]);
  });

  test("requests that were sent before the answers came are answered in order, delayed or not", async () => {
    const connection = await Connection.open(port());
    const paths = ["/slow", "/two", "/aborted", "/slow", "/one"];
    const bytes = Buffer.concat(paths.map((path) => formatRequest({ path, host: "one" })));
    const first = connection.send(bytes);
    const answers = [await first];
    while (answers.length < paths.length) {
      answers.push(await connection.send(Buffer.alloc(0)));
    }
    connection.close();
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 418, 200, 200]);
    expect(answers.filter(({ status }) => status === 200).map(({ body }) => JSON.parse(body).path)).toEqual([
      "/slow",
      "/two",
      "/slow",
      "/one",
    ]);
  });

  test("200 streams of one HTTP/2 connection do not wait for those that are delayed", async () => {
    // Each of the quick ones is through before the first that waits; a busy machine does not always make it.
    await expect
      .poll(async () => {
        const session = http2.connect(`http://127.0.0.1:${port()}`);
        const start = performance.now();
        const asked = Array.from({ length: 200 }, (_, i) => {
          const path = ["/slow", "/one", "/two", "/aborted"][i % 4]!;
          return {
            path,
            answer: stream(session, { ":path": `${path}`, ":authority": "one", "x-number": String(i) }),
          };
        });
        const answers = await Promise.all(
          asked.map(async ({ path, answer }) => {
            const answered = await answer;
            return { path, ...answered, at: performance.now() - start };
          }),
        );
        session.close();
        for (const [i, { path, status, body }] of answers.entries()) {
          expect(status).toBe(path === "/aborted" ? 418 : 200);
          if (status === 200) {
            expect(JSON.parse(body)).toMatchObject({ path, headers: { "x-number": String(i) } });
          }
        }
        const quick = answers.filter(({ path }) => path !== "/slow").map(({ at }) => at);
        const slow = answers.filter(({ path }) => path === "/slow").map(({ at }) => at);
        expect(Math.min(...slow)).toBeGreaterThan(489);
        return Math.min(...slow) - Math.max(...quick);
      })
      .toBeGreaterThan(0);
  });

  test.each(["/two", "/slow-two"])("trailers arrive both ways: %s", async (path) => {
    const session = http2.connect(`http://127.0.0.1:${port()}`);
    const request = session.request(
      { ":method": "POST", ":path": path, ":authority": "one" },
      { waitForTrailers: true },
    );
    request.on("wantTrailers", () => request.sendTrailers({ "x-check": "sum" }));
    const answered = answerOf(request);
    request.write("first ");
    await sleep(20);
    request.end("second");
    const { status, trailers } = await answered;
    session.close();
    expect(status).toBe(200);
    expect(world.two.received).toMatchObject([
      { bytes: "first second".length, trailers: { "x-check": "sum" } },
    ]);
    expect(trailers["x-end"]).toBe("of two");
  });
});

function stream(session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders) {
  const request = session.request(headers);
  const answered = answerOf(request);
  request.end();
  return answered;
}

function answerOf(request: http2.ClientHttp2Stream): Promise<{
  status: number;
  body: string;
  trailers: http2.IncomingHttpHeaders;
}> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let body = "";
    let trailers: http2.IncomingHttpHeaders = {};
    request.on("response", (fields) => {
      status = Number(fields[":status"]);
    });
    request.on("trailers", (fields) => {
      trailers = fields;
    });
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("error", reject);
    request.on("end", () => resolve({ status, body, trailers }));
  });
}
