/**
 * What Envoy is told once, at its start. Everything that a rule can change comes from the places that it names here,
 * so no rule change needs a restart.
 */

import type { AdminInterface } from "./admin-interface.ts";
import type { Json } from "./json.ts";
import {
  emitOverloadManager,
  type OverloadManager,
  type OverloadOptions,
  UNLIMITED,
} from "./overload-manager.ts";
import type { ConfigSource, Places } from "./places.ts";
import type { Extension } from "./protobuf.ts";
import { STATS_NAMING, type StatsNaming } from "./stats-config.ts";
import { INTERNAL_LISTENERS } from "./upstream-fault.ts";

/** `envoy.config.bootstrap.v3.Bootstrap`. Whoever starts an Envoy by hand reads its admin interface here, too. */
export interface Bootstrap extends Partial<AdminInterface>, StatsNaming {
  readonly node: { readonly id: string; readonly cluster: string };
  readonly dynamic_resources: { readonly lds_config: ConfigSource; readonly cds_config: ConfigSource };
  readonly layered_runtime: { readonly layers: readonly Json[] };
  readonly bootstrap_extensions: readonly Extension[];
  readonly overload_manager: OverloadManager;
}

/** Runtime values of istiod's bootstrap that a request can notice. */
const RUNTIME = {
  // `/app#part` is served as `/app` instead of being refused.
  "envoy.reloadable_features.http_reject_path_with_fragment": false,
  // Room for long regular expressions: RE2 refuses a program above Envoy's default of 100.
  "re2.max_program_size.error_level": 32_768,
};

export function emitBootstrap({
  places,
  overload = UNLIMITED,
}: {
  readonly places: Pick<Places, "listeners" | "clusters">;
  readonly overload?: OverloadOptions;
}): Bootstrap {
  return {
    node: { id: "sluice", cluster: "sluice" },
    dynamic_resources: {
      lds_config: places.listeners,
      cds_config: places.clusters,
    },
    layered_runtime: {
      layers: [
        { name: "static", static_layer: RUNTIME },
        { name: "admin", admin_layer: {} },
      ],
    },
    ...STATS_NAMING,
    bootstrap_extensions: [INTERNAL_LISTENERS],
    overload_manager: emitOverloadManager(overload),
  };
}
