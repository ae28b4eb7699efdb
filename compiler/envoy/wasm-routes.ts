/**
 * Envoy's routes of the wasm target. They hold no rule: the filter has decided, and its headers say what the
 * router must do. The few route classes exist because some behaviour cannot be asked for by a header. A
 * request that the filter has not seen names no cluster, and so goes nowhere.
 */

import { DEFAULT_RETRY_POLICY, PREVIOUS_HOSTS } from "./retry.ts";
import {
  CLASS_HEADER,
  CLUSTER_HEADER,
  INTERNAL_ONLY_HEADERS,
  type RouteAction,
  type RouteConfiguration,
  timeLimits,
} from "./route-configuration.ts";

export function emitClassRoutes(listenerName: string): RouteConfiguration {
  // The filter writes a timeout as a header; without one there is none.
  const action: RouteAction = { cluster_header: CLUSTER_HEADER, ...timeLimits(0) };
  return {
    name: listenerName,
    internal_only_headers: INTERNAL_ONLY_HEADERS,
    request_headers_to_remove: [CLUSTER_HEADER, CLASS_HEADER],
    virtual_hosts: [
      {
        name: "sluice",
        domains: ["*"],
        include_request_attempt_count: true,
        routes: [
          {
            name: "retry",
            match: { prefix: "/", headers: [{ name: CLASS_HEADER, string_match: { exact: "retry" } }] },
            // How often and on what comes from the headers that the filter wrote; none of them, no retry.
            route: { ...action, retry_policy: PREVIOUS_HOSTS },
          },
          {
            name: "default",
            match: { prefix: "/" },
            route: { ...action, retry_policy: DEFAULT_RETRY_POLICY },
          },
        ],
      },
    ],
  };
}
