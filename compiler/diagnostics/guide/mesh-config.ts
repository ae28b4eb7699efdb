/** Codes of the mesh configuration. */

import type { Explanation } from "./entry.ts";

const OPERATOR =
  "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: { name: NAME }\nspec: { meshConfig: { connectTimeout: TIMEOUT } }";

function operator(name: string, timeout: string): string {
  return OPERATOR.replace("NAME", name).replace("TIMEOUT", timeout);
}

export const MESH_CONFIGS = {
  SL0940: {
    why: "An IstioOperator, the ConfigMap istio and a file of --mesh-config all say what holds for the whole mesh. In a cluster the last one that was applied counts; files do not say which one that is.",
    example: {
      in: "file",
      wrong: `${operator("base", "5s")}\n---\n${operator("edge", "10s")}`,
      right: `${operator("base", "5s")}\n---\n${operator("edge", "5s")}`,
    },
  },
  SL0941: {
    why: "The file of --mesh-config holds alone, so what other documents say of the mesh has no effect.",
    example: {
      in: "sketch",
      wrong: "an IstioOperator with meshConfig among the rules, and --mesh-config mesh.yaml",
      right: "one of the two",
    },
  },
} as const satisfies Readonly<Record<string, Explanation>>;
