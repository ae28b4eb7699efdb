/** Damaged routing programs: `inspect` says so, and the filter refuses them without a trap. */

import { configOf } from "../../../compiler/answers/cases/testing.ts";
import { FilterVm, loadFilter } from "../../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../../compiler/back/program/encode.ts";
import { understand } from "../../../compiler/compile.ts";
import { DEFAULT_PROXY_OPTIONS, inspect, ProgramError } from "../../../compiler/index.ts";
import { filterModulePath } from "../../../compiler/platform/package-root.ts";
import { mutatedBytes } from "../mutate.ts";
import { Sink, type Subject } from "../subject.ts";

export const program: Subject = {
  name: "inspect",
  share: 3,
  prepare({ corpus }) {
    const blobs = [configOf(""), ...corpus.texts.slice(0, 40).map(configIn)].flatMap(({ listeners }) =>
      listeners.map(({ routes }) => encodeProgram(routes)),
    );
    const filter = loadFilter(filterModulePath());
    let vm = new FilterVm(filter);
    let tried = 0;
    return (dice) => {
      const whole = dice.pick(blobs);
      const blob = dice.chance(0.2) ? whole : mutatedBytes(whole, dice);
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
