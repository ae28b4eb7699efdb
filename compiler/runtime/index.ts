/** Everything that needs an Envoy gets it here. */

export { type AdminClient, type AdminResponse, adminClient, type BoundListener } from "./admin.ts";
export { drainTime } from "./drain-time.ts";
export { EnvironmentError } from "./error.ts";
export { type EnvoyBinary, type FindEnvoyOptions, findEnvoy } from "./find.ts";
export { filterModulePath, packageRoot } from "./package-root.ts";
export { portProblems, type WantedPort } from "./ports.ts";
export { type ReloadOptions, type ReloadResult, type ReloadStep, reload } from "./reload.ts";
export {
  describeExit,
  type EnvoyExit,
  type EnvoyLogLevel,
  type EnvoyProcess,
  type StartEnvoyOptions,
  startEnvoy,
} from "./start.ts";
export { type NameWatch, watchNames } from "./unresolved-names.ts";
export { NEWEST_ENVOY, OLDEST_ENVOY, SUPPORTED_ENVOYS } from "./version.ts";
export { type InputWatch, type WatchOptions, watchInputs } from "./watch.ts";
