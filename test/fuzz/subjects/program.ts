/**
 * Damaged routing programs, packed and unpacked, half of them with a checksum that is right all the same: `inspect` says
 * so, and the filter refuses them without a trap.
 */

import { configOf } from "../../../compiler/answers/cases/testing.ts";
import { FilterVm, loadFilter } from "../../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../../compiler/back/program/encode.ts";
import { checksum } from "../../../compiler/back/program/hash.ts";
import { unpackProgram } from "../../../compiler/back/program/pack.ts";
import { understand } from "../../../compiler/compile.ts";
import { DEFAULT_PROXY_OPTIONS, inspect, ProgramError } from "../../../compiler/index.ts";
import { filterModulePath } from "../../../compiler/platform/package-root.ts";
import * as layout from "../../../filter/layout.ts";
import { mutatedBytes } from "../mutate.ts";
import { Sink, type Subject } from "../subject.ts";

export const program: Subject = {
  name: "inspect",
  share: 3,
  prepare({ corpus }) {
    const blobs = [configOf(""), ...corpus.texts.slice(0, 40).map(configIn)].flatMap(({ listeners }) =>
      listeners.flatMap(({ name: listener, routes }) => {
        const rules = { listener, counters: true, names: true };
        const packed = encodeProgram(routes, undefined, undefined, rules);
        return [packed, unpackProgram(packed)!];
      }),
    );
    const filter = loadFilter(filterModulePath());
    let vm = new FilterVm(filter);
    let tried = 0;
    return (dice) => {
      const whole = dice.pick(blobs);
      const blob = dice.chance(0.2) ? whole : mutatedBytes(whole, dice);
      if (blob !== whole && blob.length >= layout.HEADER_SIZE && dice.chance(0.5)) {
        const sum = checksum(blob.subarray(layout.HEADER_CHECKSUM + 4, blob.length & ~3));
        new DataView(blob.buffer, blob.byteOffset).setUint32(layout.HEADER_CHECKSUM, sum, true);
      }
      return {
        input: { "routes.blob": blob },
        run() {
          try {
            inspect(blob);
          } catch (error) {
            if (!(error instanceof ProgramError)) {
              throw error;
            }
          }
          if (++tried % 1000 === 0) {
            vm = new FilterVm(filter);
          }
          const root = vm.configure(blob);
          if (root === undefined) {
            return false;
          }
          vm.decide(root, { authority: "a.example", path: "/", headers: [["x", "1"]] });
          vm.deleteRoot(root);
          return true;
        },
      };
    };
  },
};

function configIn(text: string) {
  return understand([{ path: "rules.yaml", text }], DEFAULT_PROXY_OPTIONS, "run", new Sink()).config;
}
