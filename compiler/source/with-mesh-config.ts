/**
 * Rules with a mesh configuration in a file of its own, which need not be a resource: the text that istiod reads from its ConfigMap
 * is one as it stands.
 */

import type { SourceFile } from "../diagnostics/span.ts";
import { files } from "./files.ts";
import type { RuleSource } from "./rule-source.ts";

/** `rules`, with the mesh configuration in `file`, which takes the place of every one that they have. */
export function withMeshConfig(rules: RuleSource, file: string): RuleSource {
  const named = files([file]);
  // A text that has not changed is the same object.
  const labelled = new WeakMap<SourceFile, SourceFile>();
  const label = (one: SourceFile): SourceFile => {
    const known = labelled.get(one) ?? { ...one, holds: "MeshConfig" as const };
    labelled.set(one, known);
    return known;
  };
  return {
    ...(rules.standsAlone !== undefined && {
      standsAlone: (file: SourceFile) => file.holds === undefined && rules.standsAlone!(file),
    }),
    explained: (finding) => rules.explained?.(finding) ?? finding,
    async read(sink, progress) {
      const [own, ofMesh] = [await rules.read(sink, progress), await named.read(sink)];
      return [...own, ...ofMesh.map(label)];
    },
    async watch(onChange) {
      const watches = await Promise.all([rules.watch(onChange), named.watch(onChange)]);
      return {
        close: async () => {
          await Promise.all(watches.map((one) => one.close()));
        },
      };
    },
  };
}
