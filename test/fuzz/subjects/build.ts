/** `build` for both targets: what `check` lets through is built, and the filter accepts its program. */

import path from "node:path";
import { FilterVm, loadFilter } from "../../../compiler/answers/wasm-host/filter-vm.ts";
import { inconsistenciesOf } from "../../../compiler/back/xds/consistency.ts";
import {
  bytesOf,
  compile,
  DEFAULT_PROXY_OPTIONS,
  inspect,
  type ProxyOptions,
  texts,
} from "../../../compiler/index.ts";
import { filterModulePath } from "../../../compiler/platform/package-root.ts";
import { filesOf, folderBuild } from "../../../compiler/run/delivery/folder/build.ts";

import { hostileRules, plausibleRules } from "../rules.ts";
import { expectSound, type Subject } from "../subject.ts";

export const build: Subject = {
  name: "build",
  share: 10,
  prepare({ corpus }) {
    const filter = loadFilter(filterModulePath());
    return (dice) => {
      const text = dice.chance(0.2) ? hostileRules(dice, corpus) : plausibleRules(dice, corpus);
      const options: ProxyOptions = {
        ...DEFAULT_PROXY_OPTIONS,
        target: dice.pick(["wasm", "wasm", "native"]),
        meshListeners: dice.chance(0.3),
        outboundPolicy: dice.pick(["ALLOW_ANY", "REGISTRY_ONLY"]),
      };
      return {
        input: { "rules.yaml": text, "options.json": JSON.stringify(options) },
        async run() {
          const input = { "rules.yaml": text };
          const { findings, compilation } = await compile({ source: texts(input), proxy: options });
          expectSound(findings, input);
          if (compilation === undefined) {
            return false;
          }
          for (const blob of compilation.blobs.values()) {
            inspect(blob);
            const vm = new FilterVm(filter);
            if (vm.configure(blob) === undefined) {
              throw new Error(
                `the filter refuses its program: ${vm.log.map((line) => line.text).join("; ")}`,
              );
            }
          }
          const build = await folderBuild(compilation, options, path.resolve("/build"));
          const [wrong] = inconsistenciesOf(build.resources);
          if (wrong !== undefined) {
            throw new Error(`the resources are not consistent: ${JSON.stringify(wrong)}`);
          }
          for (const [name, contents] of filesOf(build)) {
            if (!/^[\w%*~.@-]+(?:\/[\w%*~.@-]+)*$/.test(name) || name.split("/").includes("..")) {
              throw new Error(`a file is named ${JSON.stringify(name)}`);
            }
            if (name.endsWith(".json")) {
              JSON.parse(Buffer.from(bytesOf(contents)).toString());
            }
          }
          return true;
        },
      };
    };
  },
};
