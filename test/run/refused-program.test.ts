/**
 * A routing program that is damaged, cut, or from the future, given to a running Envoy: refused with a reason in
 * Envoy's log, and the old rules go on.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import { checksum } from "../../compiler/back/program/hash.ts";
import { Resource } from "../../compiler/back/xds/resource-set.ts";
import { FORMAT_VERSION, HEADER_CHECKSUM, HEADER_VERSION } from "../../filter/layout.ts";
import { WORLD } from "../conformance/format.ts";
import { ask } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";

const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: shop }
spec:
  hosts: [reviews]
  http:
  - match: [{ uri: { prefix: /a } }]
    route: [{ destination: { host: reviews, subset: v1 } }]
  - fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }
    route: [{ destination: { host: ratings } }]
`;

let mesh: Mesh;
let port: number;

beforeAll(async () => {
  mesh = await Mesh.create({ target: "wasm" });
  const { ports } = await mesh.apply([WORLD, RULES], { proxy: { proxyNamespace: "shop" } });
  port = ports.get("mesh")!;
});

afterAll(async () => {
  await mesh?.close();
});

const BAD: readonly {
  readonly name: string;
  readonly change: (blob: Buffer) => Buffer;
  readonly says: RegExp;
}[] = [
  { name: "nothing", change: () => Buffer.alloc(0), says: /too short/ },
  {
    name: "cut in half",
    change: (blob) => blob.subarray(0, blob.length >> 1),
    says: /cut short/,
  },
  { name: "cut inside its header", change: (blob) => blob.subarray(0, 10), says: /./ },
  {
    name: "four bytes too long",
    change: (blob) => Buffer.concat([blob, Buffer.alloc(4)]),
    says: /behind its end/,
  },
  {
    name: "one bit changed",
    change: (blob) => {
      blob[blob.length - 3]! ^= 1;
      return blob;
    },
    says: /checksum/i,
  },
  {
    name: "from the next version, and whole",
    change: (blob) => {
      blob.writeUInt32LE(FORMAT_VERSION + 1, HEADER_VERSION);
      blob.writeUInt32LE(checksum(blob.subarray(HEADER_CHECKSUM + 4)), HEADER_CHECKSUM);
      return blob;
    },
    says: /version/i,
  },
  {
    name: "something else",
    change: () => Buffer.from("not a routing program at all, but as long as one would have to be to be read"),
    says: /not a routing program/,
  },
];

test.each(BAD)("$name: refused with a reason, the old rules go on", async ({ change, says }) => {
  const logged = mesh.envoy.log.length;
  const result = await mesh.tamper((resources) => {
    const program = resources.extension.get("mesh")!;
    const { message } = structuredClone({ message: program.message });
    const { configuration } = message.typed_config.config as { configuration: { value: string } };
    configuration.value = change(Buffer.from(configuration.value, "base64")).toString("base64");
    const extension = new Map([...resources.extension, ["mesh", new Resource({ ...program, message })]]);
    return { ...resources, extension };
  });
  expect(result).toMatchObject({ kind: "rejected", step: "rules" });
  // One line of ours, then Envoy's own that the update was rejected.
  const ours = mesh.envoy.log
    .slice(logged)
    .filter((line) => /\bwasm\b/.test(line) && !/rejected/i.test(line));
  expect(ours.join("\n")).toMatch(says);
  expect((await ask(port, { path: "/a", host: "reviews" })).status).toBe(200);
  expect((await ask(port, { path: "/b", host: "reviews" })).status).toBe(418);
});

test("good rules are taken after bad ones", async () => {
  const { ports } = await mesh.apply([WORLD, RULES.replace("418", "451")], {
    proxy: { proxyNamespace: "shop" },
  });
  expect((await ask(ports.get("mesh")!, { path: "/b", host: "reviews" })).status).toBe(451);
});
