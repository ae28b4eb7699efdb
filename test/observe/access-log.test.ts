/** A line of the access log means the same whichever target wrote it, and a request is one line whatever clients send. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../harness/client.ts";
import { REQUESTS, RULES } from "./log-rules.ts";
import { type Line, LoggedMesh, SIDES, type Side } from "./logged-mesh.ts";

let mesh: LoggedMesh;
const logged: Record<Side, Map<unknown, Line>> = { wasm: new Map(), native: new Map() };

beforeAll(async () => {
  mesh = await LoggedMesh.open(RULES);
  for (const request of REQUESTS) {
    await Promise.all(SIDES.map((side) => mesh.send(side, request)));
  }
  for (const text of await mesh.lines(2 * REQUESTS.length)) {
    const line = JSON.parse(text) as Line;
    logged[line.listener === "mesh" ? "wasm" : "native"].set(line.request_id, line);
  }
}, 60_000);

afterAll(() => mesh?.close());

describe.each(SIDES)("target %s", (side) => {
  test.each(REQUESTS)("$id", ({ id, path, expect: { match = null, fault = null, ...wanted } }) => {
    const line = logged[side].get(id);
    expect(line).toMatchObject({ ...wanted, match, fault, path });
  });
});

test("both targets write the same of each request, but for what they cannot know", () => {
  for (const {
    id,
    expect: { fault },
  } of REQUESTS) {
    const [wasm, native] = SIDES.map((side) => comparable(logged[side].get(id)!, fault !== undefined));
    expect(wasm).toEqual(native);
  }
});

/**
 * Without what is another request's by its nature. The filter cannot set Envoy's flags for a fault or for a request without a route;
 * and of a request that a fault ended, Envoy's own routes tell where it would have gone.
 */
function comparable(line: Line, isFaulty: boolean): Line {
  const { time, client, listener, duration_ms, upstream_ms, bytes_out, flags, cluster, ...rest } = line;
  const own = (typeof flags === "string" ? flags : "")
    .split(",")
    .filter((flag) => !["DI", "FI", "NR", "-"].includes(flag));
  return {
    ...rest,
    flags: own,
    hasUpstreamTime: upstream_ms !== null,
    ...(!isFaulty && { cluster }),
  };
}

const HOSTILE = [
  '"',
  "\\",
  '\\"}{"rule":"forged"}',
  "%RULE% %00 %",
  "\t",
  "\xff\xfe\x80",
  "\xe2\x80\xa8",
  "\xed\xa0\x80",
  "a".repeat(8192),
  "</script>",
  "{}",
  "\x7f",
];

test("whatever clients send is one line of JSON", async () => {
  const before = (await mesh.lines(0)).length;
  let sent = 0;
  for (const side of SIDES) {
    for (const [i, value] of HOSTILE.entries()) {
      const headers = {
        "x-request-id": `hostile ${i} ${value}`,
        "user-agent": value,
        "x-forwarded-for": value,
      };
      // Some of it Envoy refuses, and that is logged as well.
      await ask(mesh.ports[side], { path: "/plain", host: "shop.example", headers });
      await ask(mesh.ports[side], {
        path: `/plain/${value.replaceAll(/[ \t\x7f]/g, "")}`,
        host: "shop.example",
      });
      sent += 2;
    }
  }
  const lines = (await mesh.lines(before + sent)).slice(before);
  expect(lines).toHaveLength(sent);
  const parsed = lines.map((line) => JSON.parse(line) as Line);
  expect(new Set(parsed.map(({ rule }) => rule))).toEqual(new Set(["shop/shop#plain", null]));
  expect(parsed.map(({ user_agent }) => user_agent)).toContain('\\"}{"rule":"forged"}');
});

test("nothing of credentials is in a line", async () => {
  const before = (await mesh.lines(0)).length;
  const headers = {
    authorization: "Bearer canary-1",
    cookie: "session=canary-2",
    "proxy-authorization": "canary-3",
  };
  await ask(mesh.ports.native, { path: "/plain", host: "shop.example", headers });
  expect((await mesh.lines(before + 1)).slice(before).join("")).not.toContain("canary");
});
