import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as layout from "../../../filter/layout.ts";
import { describeProgram } from "./describe.ts";
import { encodeProgram } from "./encode.ts";
import { decodeLz4, encodeLz4 } from "./lz4.ts";
import { isPacked, packProgram, unpackProgram } from "./pack.ts";
import { routeTable } from "./rules.arbitrary.ts";
import { exact, route, table } from "./rules.fixture.ts";

/** Bytes of few values, in which much repeats, near and far. */
const repetitive = fc
  .array(
    fc.tuple(fc.uint8Array({ min: 0, max: 3, minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 30 })),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.concat(parts.flatMap(([part, times]) => Array.from({ length: times }, () => part))));

const decodesTo = (block: Uint8Array, bytes: Uint8Array) =>
  Buffer.from(bytes).equals(decodeLz4(block, bytes.length)!);

describe("a block of LZ4", () => {
  test("decodes to what it was made of", () => {
    fc.assert(
      fc.property(fc.oneof(repetitive, fc.uint8Array({ maxLength: 2000 })), (bytes) => {
        expect(decodesTo(encodeLz4(bytes), bytes)).toBe(true);
      }),
    );
  });

  test("reaches back no further than two bytes can say", () => {
    const apart = Buffer.alloc(140_000);
    for (const at of [0, 65_534, 65_535 + 65_534, 139_000]) {
      apart.write("the same words once more", at);
    }
    expect(decodesTo(encodeLz4(apart), apart)).toBe(true);
  });

  test("keeps the format's rules for its end, which other decoders rely on", () => {
    const block = encodeLz4(Buffer.alloc(100));
    // One literal, a match at the distance of one, and the last five bytes as literals.
    expect([...block]).toEqual([0x1f, 0, 1, 0, 100 - 1 - 5 - 4 - 15, 0x50, 0, 0, 0, 0, 0]);
    expect([...encodeLz4(Buffer.alloc(12))]).toEqual([0xc0, ...Buffer.alloc(12)]);
  });

  test("is never decoded to anything else than the length that is asked for", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 300 }), (block, length) => {
        expect(decodeLz4(block, length)?.length ?? length).toBe(length);
      }),
    );
  });
});

describe("a packed program", () => {
  test("is the same program when it is unpacked", () => {
    fc.assert(
      fc.property(routeTable, (rules) => {
        const blob = encodeProgram(rules);
        const program = unpackProgram(blob)!;
        expect(describeProgram(program)).toEqual({ ...describeProgram(blob), size: program.length });
        expect(packProgram(program)).toEqual(blob);
      }),
    );
  });

  test("is a tenth of its size for 1,000 services, each with the names that a mesh has for it", () => {
    const services = Array.from({ length: 1000 }, (_, i) => {
      const host = `service-${i}.team-${i % 50}`;
      const names = [host, `${host}.svc`, `${host}.svc.cluster.local`].flatMap((name) => [
        name,
        `${name}:80`,
      ]);
      return [names.join(" "), [route(undefined, `outbound|80||${host}.svc.cluster.local`)]];
    });
    const { size, unpackedSize } = describeProgram(encodeProgram(table(Object.fromEntries(services))));
    expect(size).toBeLessThan(unpackedSize / 8);
  });

  test("is refused when it claims to unpack to what it cannot hold, before any memory is taken", () => {
    const blob = encodeProgram(
      table({ "*": Array.from({ length: 40 }, (_, i) => route(exact(`/${i}`), "c")) }),
    );
    for (const length of [
      0,
      blob.length * layout.LZ4_EXPANSION_MAX,
      layout.PROGRAM_SIZE_MAX + 4,
      0xfffffffc,
    ]) {
      const changed = blob.slice();
      new DataView(changed.buffer).setUint32(layout.PACKED_UNPACKED, length, true);
      expect(unpackProgram(changed)).toBeUndefined();
    }
  });

  test("stays as it is where packing makes it no smaller", () => {
    const program = unpackProgram(encodeProgram(table({})))!;
    const noise = fc.sample(fc.uint8Array({ minLength: 40_000, maxLength: 40_000 }), {
      numRuns: 1,
      seed: 7,
    })[0]!;
    const random = new Uint8Array(program.length + noise.length);
    random.set(program);
    random.set(noise, program.length);
    expect(isPacked(packProgram(random))).toBe(false);
    expect(unpackProgram(random)).toBe(random);
  });
});
