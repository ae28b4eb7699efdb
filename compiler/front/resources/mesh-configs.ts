/**
 * Istio's mesh configuration, in whatever holds it: an IstioOperator has it below `spec.meshConfig`, istiod's ConfigMap as a text
 * of YAML in `data.mesh`, and a file that is named for it may have it bare. It becomes a resource of kind MeshConfig, whose
 * fields are at `["meshConfig", …]`.
 */

import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import { embeddedDocuments } from "../../source/embedded.ts";
import type { SourceDocument } from "../../source/parse.ts";
import { withoutNulls } from "./nulls.ts";
import type { FieldPath, Resource } from "./resource.ts";
import { checkSchema } from "./schema/check.ts";
import { meshConfig } from "./schema/mesh-config.ts";
import type { MeshConfigSpec } from "./types.ts";
import { fieldOf } from "./unchecked-fields.ts";

/** What holds a mesh configuration, as a resource is held. */
type Holder = Resource<unknown>;

/** The ConfigMap that istiod reads its mesh configuration from, also of a revision. */
const CONFIG_MAP = /^istio(-|$)/;
export const MESH_CONFIG = "meshConfig";

/** Whether a resource of this kind and name may hold one. */
export function mayHoldMeshConfig(group: string, kind: string, name: string): boolean {
  return (
    (group === "install.istio.io" && kind === "IstioOperator") ||
    (group === "" && kind === "ConfigMap" && CONFIG_MAP.test(name))
  );
}

/** Those in a resource that may hold one: one, or none. What is wrong with it is reported, and it is left out. */
export function meshConfigsIn(
  holder: Holder,
  document: SourceDocument,
  root: FieldPath,
  sink: DiagnosticSink,
): Resource<MeshConfigSpec>[] {
  if (holder.kind === "IstioOperator") {
    const value = fieldOf(holder.spec, "meshConfig");
    return value === undefined ? [] : read(value, holder, document, [...root, "spec", "meshConfig"], sink);
  }
  const text = fieldOf(holder.document, "data", "mesh");
  if (typeof text !== "string") {
    return [];
  }
  const path = [...root, "data", "mesh"];
  return embeddedDocuments(document, path, text, sink).flatMap((inner) =>
    read(inner.value, holder, inner, [], sink),
  );
}

/** The one that a document is, which is not in a resource. */
export function bareMeshConfig(
  document: SourceDocument,
  sink: DiagnosticSink,
): readonly Resource<MeshConfigSpec>[] {
  const holder: Holder = {
    kind: "MeshConfig",
    apiVersion: "",
    name: "",
    namespace: "",
    labels: {},
    annotations: {},
    spec: document.value,
    offset: document.offset,
    span: document.span,
    spanOf: (path) => document.spanOf(path),
  };
  return read(document.value, holder, document, [], sink);
}

function read(
  value: unknown,
  holder: Holder,
  document: SourceDocument,
  root: FieldPath,
  sink: DiagnosticSink,
): Resource<MeshConfigSpec>[] {
  const given = withoutNulls(value);
  if (!checkSchema(meshConfig, "the mesh configuration", given, document, root, sink)) {
    return [];
  }
  return [
    {
      ...holder,
      spec: given as MeshConfigSpec,
      document: given as object,
      spanOf: (path) =>
        path[0] === MESH_CONFIG ? document.spanOf([...root, ...path.slice(1)]) : holder.spanOf(path),
    },
  ];
}
