/**
 * Programs travel packed. The filter unpacks them as the compiler packed them, takes no damaged one, and reaches
 * nowhere outside whatever the bytes say.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { checksum } from "../../compiler/back/program/hash.ts";
import { isPacked, unpackProgram } from "../../compiler/back/program/pack.ts";
import { request, routeTable } from "../../compiler/back/program/rules.arbitrary.ts";
import { exact, prefix, regex, route, table } from "../../compiler/back/program/rules.fixture.ts";
import * as layout from "../../filter/layout.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));

const BLOB = encodeProgram(
  table({
    "a.example b.example": Array.from({ length: 30 }, (_, i) => route(exact(`/exact/${i}`), `c${i}`)),
    "*.c.example": Array.from({ length: 30 }, (_, i) => route(prefix(`/${i}/`), `p${i}`)),
    "*": [route(regex("/[a-c]+/x"), "regex")],
  }),
);

function withChecksum(blob: Uint8Array): Uint8Array {
  const sum = checksum(blob.subarray(layout.HEADER_CHECKSUM + 4));
  new DataView(blob.buffer).setUint32(layout.HEADER_CHECKSUM, sum, true);
  return blob;
}

test("a packed program decides as the program that it was made of", () => {
  fc.assert(
    fc.property(routeTable, fc.array(request, { minLength: 1, maxLength: 8 }), (rules, requests) => {
      const blob = encodeProgram(rules);
      const [packed, plain] = [new FilterVm(FILTER), new FilterVm(FILTER)];
      const [one, other] = [packed.configure(blob)!, plain.configure(unpackProgram(blob)!)!];
      for (const asked of requests) {
        expect(packed.decide(one, asked)).toEqual(plain.decide(other, asked));
      }
    }),
    { numRuns: 50 },
  );
});

test("a packed program is refused with any byte changed, and when cut or continued", () => {
  expect(isPacked(BLOB)).toBe(true);
  const vm = new FilterVm(FILTER);
  for (let at = 0; at < BLOB.length; at++) {
    const changed = BLOB.slice();
    changed[at]! ^= 1 << (at & 7);
    expect(vm.configure(changed), `byte ${at}`).toBeUndefined();
    expect(vm.configure(BLOB.slice(0, at)), `${at} bytes`).toBeUndefined();
  }
  expect(vm.configure(Buffer.concat([BLOB, Buffer.alloc(4)]))).toBeUndefined();
  expect(vm.log.length).toBe(2 * BLOB.length + 1);
  expect(vm.configure(BLOB)).toBeDefined();
});

test("whatever the bytes say, with a checksum that is right, there is a verdict and no trap", () => {
  const vm = new FilterVm(FILTER);
  const words = [0, 1, 0xff, 0xffff, 0x7fffffff, 0xffffffff, BLOB.length];
  const pages = vm.memoryPages;
  for (let at = layout.PACKED_UNPACKED; at + 4 <= BLOB.length; at++) {
    for (const word of words) {
      const changed = BLOB.slice();
      new DataView(changed.buffer).setUint32(at, word, true);
      const root = vm.configure(withChecksum(changed));
      if (root !== undefined) {
        vm.decide(root, { authority: "a.example", path: "/exact/3" });
        vm.deleteRoot(root);
      }
    }
  }
  // The unpacked length is at most what LZ4 can make of so few bytes.
  expect((vm.memoryPages - pages) * 65_536).toBeLessThan(2 * layout.LZ4_EXPANSION_MAX * BLOB.length);
});
