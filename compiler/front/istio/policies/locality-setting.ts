/**
 * Which setting says where the requests of a cluster go first: of the rule, of the service, or of the mesh. Source: istiod's
 * `GetEffectiveLbSetting`.
 */

import type { MeshConfigSpec } from "../../resources/model.ts";
import type { LocalityLbSetting, ZoneAwareLbSetting } from "../../resources/types.ts";
import {
  HOSTNAME_LABEL,
  NETWORK_LABEL,
  REGION_LABEL,
  SUBZONE_LABEL,
  ZONE_LABEL,
} from "../../services/locality.ts";
import type { Service } from "../../services/service.ts";
import type { EffectivePolicy } from "../destination-rules/traffic-policy.ts";

const SAME_ZONE = [NETWORK_LABEL, REGION_LABEL, ZONE_LABEL];
/** What Kubernetes' `trafficDistribution` amounts to. */
export const PREFERENCES: Readonly<
  Record<NonNullable<Service["prefers"]>, { readonly failoverPriority: readonly string[] }>
> = {
  zone: { failoverPriority: SAME_ZONE },
  node: { failoverPriority: [...SAME_ZONE, SUBZONE_LABEL, HOSTNAME_LABEL] },
};

/** What holds where no rule speaks of localities. */
export type LocalityOfMesh = Pick<MeshConfigSpec, "localityLbSetting" | "zoneAwareLbSetting">;

export type LocalitySetting =
  /** `isPreference`: it holds whether or not endpoints are watched. */
  | { readonly kind: "locality"; readonly setting: LocalityLbSetting; readonly isPreference: boolean }
  /** Regions come one after another, whether or not endpoints are watched, and Envoy chooses among the zones of one. */
  | { readonly kind: "zoneAware"; readonly setting: ZoneAwareLbSetting };

/** The rule's own comes before what its service prefers, and that before the mesh's; of two beside each other, zone awareness. */
export function localitySetting(
  { loadBalancer }: Pick<EffectivePolicy, "loadBalancer">,
  prefers: Service["prefers"],
  ofMesh: LocalityOfMesh,
): LocalitySetting {
  const own = written(loadBalancer ?? {});
  if (own === undefined && prefers !== undefined) {
    return { kind: "locality", setting: PREFERENCES[prefers], isPreference: true };
  }
  return own ?? written(ofMesh) ?? { kind: "locality", setting: {}, isPreference: false };
}

function written({ zoneAwareLbSetting, localityLbSetting }: LocalityOfMesh): LocalitySetting | undefined {
  if (zoneAwareLbSetting !== undefined) {
    return { kind: "zoneAware", setting: zoneAwareLbSetting };
  }
  return localityLbSetting && { kind: "locality", setting: localityLbSetting, isPreference: false };
}
