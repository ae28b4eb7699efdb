/**
 * The public API. The command line, the demo and the GitHub Action are written on it and on nothing behind it.
 *
 *     const workspace = createWorkspace({ source: files(["rules/"]), proxies: { edge: { meshPort: 0 } } });
 *     const findings = await workspace.check();
 *     if (findings.hasErrors) { console.error(formatDiagnostics(findings)); }
 *
 * What is wrong with rules is a finding, and never thrown. A wrong call throws a `TypeError` that names the option; what
 * the machine has not (an Envoy, a port) is an `EnvironmentError`. Types of results are the JSON that `--format json` prints:
 * fields are added, never changed or removed.
 */

import type { CompiledRules } from "./run/compiled-rules.ts";
import { Workspace, type WorkspaceOptions } from "./workspace.ts";

/** What a session compiles again at each change: a proxy of a workspace, whose name may be left out where it is the only one. */
export function rulesOf(workspace: Workspace, proxy?: string): CompiledRules {
  return {
    proxy: workspace.options(proxy),
    compile: () => workspace.compile(proxy, { toRun: true }),
    isCurrent: (compilation) => workspace.isCurrent(compilation),
    watch: (onChange) => workspace.watch(onChange),
  };
}

/** A workspace keeps what it has read and compiled for as long as it lives: use one wherever rules are compiled again. */
export function createWorkspace(options: WorkspaceOptions): Workspace {
  return new Workspace(options);
}

// ---- Workspaces, and the same for who asks once ----

export { FilesInTheWayError, type InitResult, init } from "./init.ts";
export {
  check,
  compile,
  diff,
  explain,
  explainConnection,
  inspect,
  type RulesOptions,
  test,
} from "./one-shot.ts";
export type {
  CompileOptions,
  CompileResult,
  ConnectionExplainResult,
  DiffResult,
  ExplainOptions,
  ExplainResult,
  TestOptions,
  TestResult,
  Workspace,
  WorkspaceOptions,
} from "./workspace.ts";

// ---- What goes in: proxies, sources of rules, requests ----

export {
  type AskedRequest,
  makeRequest,
  parseHeader,
  parseRequestLine,
  RequestError,
} from "./answers/request/asked.ts";
export {
  type AskedConnection,
  type ConnectionDetails,
  isConnectionUrl,
  parseConnection,
} from "./answers/request/asked-connection.ts";
export { type Claims, type Json, parseClaims } from "./answers/request/claims.ts";
export { parseCurl } from "./answers/request/curl.ts";
export { JSON_SCHEMAS, jsonSchema, type SchemaName } from "./json-schemas.ts";
export { ApiError } from "./kubernetes/client/api-error.ts";
export { type ApiCall, KubernetesClient } from "./kubernetes/client/kubernetes-client.ts";
export {
  type KubernetesSource,
  type KubernetesSourceOptions,
  kubernetes,
  type SourceObject,
} from "./kubernetes/source/kubernetes-source.ts";
export { overlay } from "./kubernetes/source/overlay.ts";
export type { ListenerPort, PortMap } from "./options/port-map.ts";
export {
  DEFAULT_PROXY_OPTIONS,
  type OutboundPolicy,
  type ProxyOptions,
  type Target,
} from "./options.ts";
export type { Phase, Progress } from "./progress.ts";
export { readAtMost, readStreamAtMost, whyUnreadable } from "./source/bounded.ts";
export { type FilesOptions, files } from "./source/files.ts";
export { readOnce } from "./source/read-once.ts";
export type { RuleSource, Watch } from "./source/rule-source.ts";
export { texts } from "./source/texts.ts";
export { withMeshConfig } from "./source/with-mesh-config.ts";

// ---- What comes out: findings and answers ----

export type { CoverageCounts, CoverageItem, CoverageReport } from "./answers/cases/coverage.ts";
export type { CheckResult } from "./answers/cases/results.ts";
export {
  type DiffReport,
  isDifferent,
  type ReportedDifference,
  type ReportedSide,
} from "./answers/diff/report.ts";
export type {
  ChainDetails,
  ConnectionExplanation,
  ConnectionSplitPart,
  TriedChain,
} from "./answers/explain/connection-explanation.ts";
export type { Explanation, RuleDetails, TriedRule } from "./answers/explain/explanation.ts";
export { ListenerError } from "./answers/explain/listener-error.ts";
export { type ProgramDescription, ProgramError } from "./back/program/describe.ts";
export { type DiagnosticCode, LEVEL_WORDS, type Level } from "./diagnostics/codes.ts";
export type { Diagnostic, DiagnosticSink } from "./diagnostics/diagnostic.ts";
export { type CodeDescription, describeCodes, nearestCode } from "./diagnostics/guide/describe.ts";
export type { JsonDiagnostic, JsonPlace } from "./diagnostics/render/json.ts";
export { printable, printableData } from "./diagnostics/render/printable.ts";
export type { Findings, FindingsSummary } from "./diagnostics/render/report.ts";
export type { SourceFile, Span } from "./diagnostics/span.ts";
export {
  type DiagnosticsFormat,
  formatConnection,
  formatCoverage,
  formatDiagnostics,
  formatDiff,
  formatExplanation,
  formatFailure,
  formatFleetStatus,
  formatJunit,
  formatResults,
  formatRevisions,
  formatRollouts,
  formatSummary,
  formatWait,
  type LayoutOptions,
  type TextOptions,
  type TimedOptions,
} from "./format.ts";
export type { HeldObject } from "./held-object.ts";

// ---- What compilation makes, and where it goes ----

export { type Compilation, resourcesOf } from "./compile.ts";
export { foreignFilesOf } from "./export/credentials.ts";
export { filterImage } from "./export/filter-image.ts";
export { grafanaFiles } from "./export/grafana/grafana.ts";
export { type ImageName, parseImageName } from "./export/image-name.ts";
export { chart, type KubernetesOptions, kustomization } from "./export/kubernetes/build.ts";
export type { ClusterSourceOptions } from "./export/kubernetes/cluster-source.ts";
export { fleetChart, fleetKustomization, type KubernetesFleetOptions } from "./export/kubernetes/fleet.ts";
export type { FailurePolicy } from "./export/kubernetes/server-guards.ts";
export type { OciImage } from "./export/oci.ts";
export { extensionPolicy, wasmPlugins } from "./export/policies.ts";
export { TooLargeError } from "./export/too-large.ts";
export type { Resource, ResourceSet } from "./front/resources/model.ts";
export type { Confidential } from "./ir/confidential.ts";
export type {
  Cluster,
  Config,
  Fault,
  Forward,
  Listener,
  PathNormalization,
  Route,
  VirtualHost,
} from "./ir/ir.ts";
export { printableIr } from "./ir/printable.ts";
export { formatSocket, socketsOf } from "./ir/sockets.ts";
export { emitBuild } from "./run/delivery/folder/build.ts";
export type { FileSummary, Manifest } from "./run/delivery/folder/manifest.ts";
export { type WrittenBuild, writeBuild } from "./run/delivery/folder/write-build.ts";
export { makeDirectory } from "./run/delivery/make-directory.ts";
export { bytesOf, type FileContents, type OutputFiles } from "./run/delivery/output-files.ts";
export { ForeignDirectoryError } from "./run/delivery/write.ts";
export { writeTree } from "./run/delivery/write-tree.ts";

// ---- An Envoy that obeys rules ----

export type { CompiledRules } from "./run/compiled-rules.ts";
export { type AdminClient, adminAt } from "./run/envoy/admin.ts";
export {
  defaultInstallDirectory,
  type EnvoyBinary,
  type FindEnvoyOptions,
  findEnvoy,
} from "./run/envoy/find.ts";
export { type InstallOptions, installWheel } from "./run/envoy/install.ts";
export { portProblems, type WantedPort } from "./run/envoy/ports.ts";
export {
  type EnvoyExit,
  type EnvoyLogLevel,
  type EnvoyProcess,
  type StartEnvoyOptions,
  startEnvoy,
} from "./run/envoy/start.ts";
export { type Serving, Session, type SessionOptions } from "./run/session.ts";
export type { ReloadEvent, SessionEvent } from "./run/session-event.ts";

// ---- What a running Envoy does with each rule ----

export { withChanges } from "./observe/changes.ts";
export type { RunAbout, ServedRules } from "./observe/door/about.ts";
export { type DoorCall, DoorClient } from "./observe/door/client.ts";
export type { Door } from "./observe/door/door.ts";
export { type FoundRun, findRuns, matchingRuns } from "./observe/door/find-runs.ts";
export { type OpenDoorOptions, openDoor } from "./observe/door/open-door.ts";
export type { ListedRule } from "./observe/listed-rules.ts";
export { LiveRules, type LiveSource, type LiveUpdate, watchLive } from "./observe/live.ts";
export type {
  LiveCluster,
  LiveDestination,
  LiveListener,
  LiveReport,
  LiveRule,
  Rate,
  Share,
} from "./observe/live-report.ts";
export {
  HeldPreview,
  type HeldPreviewOptions,
} from "./observe/preview/held-preview.ts";
export type { ChangePreview } from "./observe/preview/preview.ts";
export type { Replay } from "./observe/preview/replay.ts";
export type { ShownDecision } from "./observe/preview/shown-decision.ts";
export type { SampledRequest } from "./observe/tap/read-sample.ts";
export {
  type OpenTap,
  Tap,
  type TapEnd,
  type TapListener,
  type TapProgress,
  type TapQuestion,
} from "./observe/tap/tap.ts";
export { TapError } from "./observe/tap/tap-error.ts";
export type { TapLine } from "./observe/tap/tap-lines.ts";
export type { TappedRequest } from "./observe/tapped-request.ts";

// ---- The same in a browser ----

export type { FleetPageOptions, ShownFleet } from "./page/fleet-page.ts";
export { type OpenFleetPage, type OpenFleetPageOptions, openFleetPage } from "./page/open-fleet-page.ts";
export { type OpenPageOptions, openPage, type Page } from "./page/open-page.ts";
export { readPageListen } from "./page/page-listen.ts";
export type { SessionPageOptions } from "./page/session-page.ts";

// ---- A fleet of Envoys ----

export { Fleet, type FleetOptions } from "./fleet/fleet.ts";
export { FleetClient, type FleetClientOptions, FleetRequestError } from "./fleet/http/client.ts";
export { FleetTelemetry } from "./fleet/http/fleet-telemetry.ts";
export type { WaitOutcome, WaitReport } from "./fleet/http/reached.ts";
export type { IdentityFiles } from "./fleet/identity/identity.ts";
export { ListenError } from "./fleet/identity/listening.ts";
export { fleetBootstrap } from "./fleet/join/bootstrap.ts";
export type { FleetBootstrapOptions } from "./fleet/join/options.ts";
export { Keeper, type KeeperOptions } from "./fleet/keeper.ts";
export type { FleetEvent } from "./fleet/model/event.ts";
export type {
  FleetStatus,
  ProxyReport,
  ProxyState,
  RevisionReport,
  RevisionState,
  ScopeReport,
} from "./fleet/model/report.ts";
export type { FleetRules, RuleSnapshot, SnapshotResult } from "./fleet/model/rules.ts";
export { type Relay, type RelayEvent, type RelayOptions, startRelay } from "./fleet/relay/relay.ts";
export { atOnce, DEFAULT_PLAN, type RolloutPlan } from "./fleet/rollout/plan.ts";
export { parseWaves, WaveError } from "./fleet/rollout/waves.ts";
export type { Trials } from "./fleet/rollouts.ts";
export { readScopes, type ScopeEntry, type ScopesResult } from "./fleet/scope/scopes-file.ts";
export {
  checkListening,
  type FleetHttp,
  type FleetServer,
  type ServeFleetOptions,
  serveFleet,
} from "./fleet/serve.ts";
export { RevisionTrials, type RevisionTrialsOptions } from "./fleet/trials/trials.ts";
export { fleetRules, type ThreadedFleetRules, threadedFleetRules } from "./fleet-rules.ts";

// ---- Beside a fleet, in a cluster ----

export type { AdmissionRequest, AdmissionResponse } from "./controller/admission/admission-review.ts";
export { type ReviewedAgainst, review } from "./controller/admission/review.ts";
export {
  type AdmissionWebhook,
  type AdmissionWebhookOptions,
  checkWebhookListen,
  startAdmissionWebhook,
} from "./controller/admission/webhook.ts";
export { advertisedAddress } from "./controller/lease/advertised-address.ts";
export {
  type LeasedKeeper,
  type LeasedKeeperOptions,
  openLeasedKeeper,
} from "./controller/lease/leased-keeper.ts";
export { ClusterStatus, type ClusterStatusOptions } from "./controller/status/cluster-status.ts";

// ---- Chance ----

export { binomialInterval, type Interval, likelyProbability, SIGNIFICANCE } from "./binomial.ts";

// ---- The machine ----

export { EnvironmentError } from "./platform/error.ts";
export { packageRoot } from "./platform/package-root.ts";
export { NEWEST_ENVOY, OLDEST_ENVOY } from "./platform/version.ts";
