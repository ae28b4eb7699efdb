/**
 * Settings of a mesh, in the kinds that have them: IstioOperator, istiod's ConfigMap. What an option of ours says the same is no
 * difference.
 */

import type { ProxyOptions } from "../../../options.ts";
import type { Resource } from "../../resources/model.ts";
import { fieldOf } from "../../resources/unchecked-fields.ts";
import type { UnreadResource } from "./unread-resource.ts";

/** Fields of MeshConfig that decide requests, and the option that says the same (https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/). */
const MESH_FIELDS: Readonly<
  Record<string, { readonly flag: string; readonly value: keyof ProxyOptions } | undefined>
> = {
  outboundTrafficPolicy: { flag: "--outbound-policy", value: "outboundPolicy" },
  pathNormalization: { flag: "--path-normalization", value: "pathNormalization" },
  defaultHttpRetryPolicy: undefined,
  defaultTrafficPolicy: undefined,
  defaultServiceExportTo: undefined,
  defaultVirtualServiceExportTo: undefined,
  defaultDestinationRuleExportTo: undefined,
  localityLbSetting: undefined,
  discoverySelectors: undefined,
  h2UpgradePolicy: undefined,
};

export function meshConfigs(all: readonly Resource<unknown>[], options: ProxyOptions): UnreadResource[] {
  return all.flatMap((resource): UnreadResource[] => {
    const found = settingsIn(resource);
    const differing = Object.keys(MESH_FIELDS).filter((field) => {
      const { value } = MESH_FIELDS[field] ?? {};
      return found.has(field) && (value === undefined || found.get(field) !== options[value]);
    });
    if (differing.length === 0) {
      return [];
    }
    const flags = differing.flatMap((field) => {
      const { flag } = MESH_FIELDS[field] ?? {};
      return flag === undefined || found.get(field) === undefined ? [] : [`${flag} ${found.get(field)}`];
    });
    return [
      {
        resource,
        effect: "changes",
        what: `sets ${differing.join(", ")} for all proxies of the mesh`,
        ...(flags.length > 0 && { help: `Pass ${flags.join(" ")}.` }),
        roles: ["gateway", "mesh"],
      },
    ];
  });
}

/** The fields that are set; with its mode or kind, of those that have one. */
function settingsIn({ kind, spec, document }: Resource<unknown>): Map<string, string | undefined> {
  if (kind === "IstioOperator") {
    const mesh = fieldOf(spec, "meshConfig");
    return new Map(
      Object.keys(typeof mesh === "object" && mesh !== null ? mesh : {}).map((field) => [
        field,
        wordIn(fieldOf(mesh, field)),
      ]),
    );
  }
  // A text of YAML in a document of YAML: its first column says enough.
  const text = String(fieldOf(document, "data", "mesh") ?? "");
  return new Map(
    [...text.matchAll(/^(\w+):(?:\s+(?:mode|normalization):)?[ \t]*["']?(\w*)/gm)].map(([, field, word]) => [
      field!,
      word || undefined,
    ]),
  );
}

function wordIn(value: unknown): string | undefined {
  const word = fieldOf(value, "mode") ?? fieldOf(value, "normalization");
  return typeof word === "string" ? word : undefined;
}
