/** Everything that needs an Envoy gets it here. */

export { EnvironmentError } from "../../platform/error.ts";
export { filterModulePath, packageRoot } from "../../platform/package-root.ts";
export { NEWEST_ENVOY, OLDEST_ENVOY, SUPPORTED_ENVOYS } from "../../platform/version.ts";
export { type InputWatch, type WatchOptions, watchInputs } from "../../source/watch.ts";
export { drainTime } from "../delivery/drain-time.ts";
export { type ReloadOptions, type ReloadResult, type ReloadStep, reload } from "../delivery/reload.ts";
export { type AdminClient, type AdminResponse, adminClient, type BoundListener } from "./admin.ts";
export { type EnvoyBinary, type FindEnvoyOptions, findEnvoy } from "./find.ts";
export { portProblems, type WantedPort } from "./ports.ts";
export {
  describeExit,
  type EnvoyExit,
  type EnvoyLogLevel,
  type EnvoyProcess,
  type StartEnvoyOptions,
  startEnvoy,
} from "./start.ts";
export { type NameWatch, watchNames } from "./unresolved-names.ts";
