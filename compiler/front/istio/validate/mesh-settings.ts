/** What holds for the whole mesh, of all that the input says of it; two documents that say different things are told, both. */

import { DIAGNOSTIC_CODES } from "../../../diagnostics/codes.ts";
import type { DiagnosticSink } from "../../../diagnostics/diagnostic.ts";
import { describeResource } from "../../resources/describe-resource.ts";
import type { Resource, ResourceSet } from "../../resources/model.ts";
import { type MeshSettings, meshDocuments, placeOfField } from "../../services/mesh-settings.ts";
import { ZONES_ALIKE } from "../unsupported.ts";
import { checkConnectionSettings } from "./connection-settings.ts";

export function meshSettings(
  resources: Pick<ResourceSet, "meshConfigs">,
  sink: DiagnosticSink,
): MeshSettings {
  const { settings, contradictions, overruled } = meshDocuments(resources);
  for (const { field, first, other } of contradictions) {
    sink.report({
      code: "SL0940",
      level: DIAGNOSTIC_CODES.SL0940.level,
      message: `${field} of the mesh configuration has another value in ${nameOf(first)}`,
      span: other.spanOf(placeOfField(field)),
      related: [{ message: "the other value", span: first.spanOf(placeOfField(field)) }],
      help: "Remove one of them, or name the file that holds with --mesh-config.",
    });
  }
  for (const resource of resources.meshConfigs.filter((one) => !overruled.includes(one))) {
    checkConnectionSettings(
      resource.spec.defaultConfig?.connectionSettings ?? {},
      (field) => resource.spanOf([...placeOfField("defaultConfig"), "connectionSettings", field]),
      sink,
    );
    if (isOn(resource.spec.zoneAwareLbSetting)) {
      sink.report({
        code: "SL0932",
        level: DIAGNOSTIC_CODES.SL0932.level,
        message: `zoneAwareLbSetting: ${ZONES_ALIKE}`,
        span: resource.spanOf(placeOfField("zoneAwareLbSetting")),
      });
    }
  }
  for (const resource of overruled) {
    sink.report({
      code: "SL0941",
      level: DIAGNOSTIC_CODES.SL0941.level,
      message: `the mesh configuration in ${nameOf(resource)} is not read: --mesh-config names another one`,
      span: resource.spanOf(["kind"]),
    });
  }
  return settings;
}

/** One that is in no resource has no name. */
function nameOf(resource: Resource<unknown>): string {
  return resource.name === "" ? resource.span.file.path : describeResource(resource);
}

/** Unless it says that it is off. */
function isOn(setting: { readonly enabled?: boolean } | undefined): boolean {
  return setting !== undefined && setting.enabled !== false;
}
