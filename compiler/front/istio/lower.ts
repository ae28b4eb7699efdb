/**
 * Istio's resources to the IR, for one proxy: what it sees, what selects it, what is decided before a request comes.
 * Nothing of Istio is left behind this. What the input lacks or gets wrong is reported, never thrown.
 */

import type { Purpose } from "../../diagnostics/codes.ts";
import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { Config } from "../../ir/ir.ts";
import { normalizationField } from "../../ir/path-normalization.ts";
import { compareStrings } from "../../ir/text.ts";
import type { ProxyOptions } from "../../options.ts";
import { NO_PROGRESS, type Progress } from "../../progress.ts";
import type { GatewaySpec, Resource, ResourceSet } from "../resources/model.ts";
import { parseDuration } from "../resources/schema/duration.ts";
import { distinctUses } from "../services/cluster-uses.ts";
import { type CredentialFiles, Credentials } from "../services/credentials.ts";
import { type Report, reportTo } from "../services/report.ts";
import { exposure } from "../services/visibility.ts";
import { accessLogOf } from "./context/access-log.ts";
import { limitChain, limitClusters, limitListener } from "./context/connection-settings.ts";
import { type Effects, effectsOfBoth } from "./context/effects.ts";
import type { Environment } from "./context/environment.ts";
import { LoweringCache } from "./context/lowering-cache.ts";
import type { LoweringContext } from "./context/lowering-context.ts";
import { pathNormalizationOf } from "./context/path-normalization.ts";
import { reportContradictions } from "./context/proxy-config.ts";
import { selectedGateways } from "./context/selected-gateways.ts";
import { lowerGateways } from "./edge/gateways.ts";
import { lowerDns } from "./mesh/dns-table.ts";
import { lowerMesh } from "./mesh/mesh-listeners.ts";
import { lowerClusters } from "./policies/clusters.ts";
import { lowerAuthentication, selectedAuthentications } from "./policies/request-authentication.ts";
import { reportPortConflicts } from "./port-conflicts.ts";
import type { LoweredReferences } from "./references/proxy-viewer.ts";
import { MESH } from "./rules/gateway-names.ts";
import { type VirtualService, visibleVirtualServices } from "./rules/virtual-services.ts";
import {
  DESTINATION_RULE,
  GATEWAY,
  REQUEST_AUTHENTICATION,
  refuseUnsupported,
  SERVICE_ENTRY,
  SIDECAR,
  VIRTUAL_SERVICE,
} from "./unsupported.ts";

/** What a lowering is given besides the rules: it looks at neither the disk nor the clock itself. */
export interface LoweringSurroundings {
  readonly files: CredentialFiles;
  /** When certificates have to be valid. */
  readonly now: Date;
  /** Where nothing runs, more can be asked about than would be bound. Default: `run`. */
  readonly purpose?: Purpose;
  readonly progress?: Progress;
  /** Of this proxy. Absent: nothing is kept. */
  readonly cache?: LoweringCache;
}

export interface Lowered {
  readonly config: Config;
  readonly environment: Environment;
  /** What the rules speak of, for whoever checks it: what is missing was left out. */
  readonly references: LoweredReferences;
}

export function lowerToIr(
  resources: ResourceSet,
  options: ProxyOptions,
  sink: DiagnosticSink,
  { files, now, purpose = "run", progress = NO_PROGRESS, cache = new LoweringCache() }: LoweringSurroundings,
): Lowered {
  let lowered = 0;
  const total = resources.virtualServices.length;
  const report = reportTo(sink);
  const environment = cache.environmentOf(resources, options);
  const lowering: LoweringContext = {
    options,
    ...environment,
    environment,
    cache,
    purpose,
    credentials: new Credentials(resources.secrets, options, files, now, purpose === "serve"),
    // Some are lowered at several places.
    onLowered: () => progress.at("lowering", Math.min(++lowered, total), total),
  };
  reportContradictions(resources, options, cache.shared.settings, report);
  const { sidecar, outboundPolicy } = environment;
  const visible = visibleVirtualServices(resources, options, report, cache.virtualServices);
  cache.virtualServices = resources.virtualServices;
  const virtualServices =
    sidecar === undefined
      ? visible
      : visible.filter(({ resource, hosts }) => sidecar.importsRules(resource.namespace, hosts));
  const gateways = selectedGateways(resources, options);

  refuse(resources, gateways, virtualServices, options, cache, report);
  if (sidecar !== undefined && (options.meshPort !== 0 || options.meshListeners)) {
    refuseOnce(sidecar.resource, SIDECAR, report);
  }

  const authentications = selectedAuthentications(resources, options);
  for (const policy of authentications) {
    refuseOnce(policy, REQUEST_AUTHENTICATION, report);
  }

  const edge = lowerGateways(gateways, virtualServices, lowering);
  const mesh = lowerMesh(virtualServices, lowering);
  const tokens = lowerAuthentication(authentications, lowering);
  const ofRules = effectsOfBoth(effectsOfBoth(edge.effects, mesh.effects), tokens.effects);
  reportAll(ofRules, report);
  const { authentication } = tokens;
  const edgeListeners = authentication
    ? edge.listeners.map((listener) => ({ ...listener, authentication }))
    : edge.listeners;
  const { connectionSettings = {} } = environment.proxyConfig;
  const tcpChains = [...edge.tcpChains, ...mesh.tcpChains]
    .sort(byName)
    .map((chain) => limitChain(chain, connectionSettings));
  const listeners = [...edgeListeners, ...mesh.listeners]
    .sort(byName)
    .map((listener) => limitListener(listener, connectionSettings));
  const ofMesh = options.meshListeners ? mesh.tcpChains : [];
  reportPortConflicts([...listeners, ...edge.tcpChains, ...ofMesh].sort(byName), options, report);
  const dns = lowerDns(lowering);
  const uses = distinctUses(ofRules.uses);
  const { clusters, effects } = lowerClusters(uses, outboundPolicy, lowering);
  reportAll(effects, report);
  const upstreamFaults = distinct(ofRules.faults);
  const secrets = distinct([...ofRules.secrets, ...effects.secrets]);
  const { written } = cache.shared.settings;
  const { protocolDetectionTimeout } = written;
  const accessLog = accessLogOf(written);
  const config = {
    listeners,
    clusters: limitClusters(
      tokens.clusters.length > 0 ? [...clusters, ...tokens.clusters].sort(byName) : clusters,
      connectionSettings,
    ),
    ...(upstreamFaults.length > 0 && { upstreamFaults }),
    ...(tcpChains.length > 0 && { tcpChains }),
    ...(secrets.length > 0 && { secrets }),
    ...(connectionSettings.globalDownstreamConnectionLimit !== undefined && {
      maxConnections: connectionSettings.globalDownstreamConnectionLimit,
    }),
    ...(dns && { dns }),
    ...normalizationField(pathNormalizationOf(options, cache.shared.settings)),
    ...(accessLog && { accessLog }),
    ...(protocolDetectionTimeout !== undefined && {
      detectionTimeoutMs: parseDuration(protocolDetectionTimeout)!,
    }),
    // None of them, as Istio has it: one for each core.
    ...(environment.proxyConfig.concurrency && { workers: environment.proxyConfig.concurrency }),
  };
  const references = {
    clusterUses: uses,
    danglingDestinations: ofRules.dangling,
  };
  return { config, environment, references };
}

interface Named {
  readonly name: string;
}

function byName(a: Named, b: Named): number {
  return compareStrings(a.name, b.name);
}

/** Those of one name are alike. */
function distinct<T extends Named>(list: readonly T[]): T[] {
  return [...new Map(list.map((one) => [one.name, one])).values()].sort(byName);
}

function reportAll({ findings }: Effects, report: Report): void {
  for (const { code, message, span, more } of findings) {
    report(code, message, span, more);
  }
}

/** Only what this proxy would have to obey: a rule for others may use all that Istio has. */
function refuse(
  { serviceEntries, destinationRules }: ResourceSet,
  gateways: readonly Resource<GatewaySpec>[],
  virtualServices: readonly VirtualService[],
  { proxyNamespace, meshPort, meshListeners }: ProxyOptions,
  { supportedRules }: LoweringCache,
  report: Report,
): void {
  const sites = new Set(gateways.map(({ namespace, name }) => `${namespace}/${name}`));
  if (meshPort !== 0 || meshListeners) {
    sites.add(MESH);
  }
  for (const gateway of gateways) {
    refuseOnce(gateway, GATEWAY, report);
  }
  supportedRules.lookThrough(
    virtualServices,
    [...sites],
    ({ sources, gateways }) =>
      !gateways.some((gateway) => sites.has(gateway)) ||
      sources.filter((resource) => !refuseOnce(resource, VIRTUAL_SERVICE, report)).length === 0,
  );
  const isSeen = ({ spec, namespace }: Resource<{ readonly exportTo?: readonly string[] }>) =>
    exposure(spec.exportTo, namespace, proxyNamespace) !== undefined;
  refuseAllOnce(destinationRules, DESTINATION_RULE, isSeen, report);
  refuseAllOnce(serviceEntries, SERVICE_ENTRY, isSeen, report);
}

/** Lists, which never change, of which nothing is refused for whoever sees all of them. */
const allSupported = new WeakSet<readonly Resource<unknown>[]>();

function refuseAllOnce<Spec>(
  resources: readonly Resource<Spec>[],
  table: Parameters<typeof refuseUnsupported>[1],
  isSeen: (resource: Resource<Spec>) => boolean,
  report: Report,
): void {
  if (allSupported.has(resources)) {
    return;
  }
  const seen = resources.filter(isSeen);
  // Each is asked, so that all that is refused is said.
  const refused = seen.filter((resource) => !refuseOnce(resource, table, report));
  if (refused.length === 0 && seen.length === resources.length) {
    allSupported.add(resources);
  }
}

/** Specs that nothing was refused of: what does not change is not looked through again. */
const supported = new WeakMap<object, Parameters<typeof refuseUnsupported>[1]>();

const refuseOnce: typeof refuseUnsupported = (resource, table, report) => {
  const spec = resource.spec as object;
  const fine = supported.get(spec) === table || refuseUnsupported(resource, table, report);
  if (fine) {
    supported.set(spec, table);
  }
  return fine;
};
