import { afterEach, expect, test } from "vitest";
import { type MeshClient, meshClient } from "./mesh-client.ts";
import { type Service, startService } from "./service.ts";

let service: Service;
let client: MeshClient;
afterEach(() => {
  client.close();
  return service.close();
});

async function start() {
  service = await startService({ app: "a", version: "v1" }, (url) =>
    url.pathname === "/a" ? { body: { a: 1 } } : undefined,
  );
  client = meshClient(service.port);
  return (path: string, headers = {}) => client.get("a:9080", path, headers);
}

test("answers its own paths and names itself", async () => {
  const get = await start();
  expect(await get("/a")).toMatchObject({
    status: 200,
    body: '{"a":1}\n',
    headers: { "x-served-by": "a-v1" },
  });
  expect(await get("/b")).toMatchObject({ status: 404 });
});

test("/flaky fails the first try of each request, and no other", async () => {
  const get = await start();
  const tries = [];
  for (const id of ["x", "y", "x", "y", "x"]) {
    tries.push((await get("/flaky", { "x-request-id": id })).status);
  }
  expect(tries).toEqual([503, 503, 200, 200, 503]);
});

test("/slow waits, /status answers with the status", async () => {
  const get = await start();
  expect((await get("/slow?ms=80")).elapsedMs).toBeGreaterThan(75);
  expect((await get("/status/418")).status).toBe(418);
  expect((await get("/status/100")).status).toBe(404);
});

test("counts what is under way at once", async () => {
  const get = await start();
  await Promise.all([get("/slow?ms=50"), get("/slow?ms=50"), get("/slow?ms=50")]);
  expect(service.seen).toMatchObject({ requests: 3, mostAtOnce: 3 });
  await get("/a");
  expect(service.seen.atOnce).toBe(0);
});
