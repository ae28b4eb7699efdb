/**
 * What is said of this proxy itself, not of its rules: istio.mesh.v1alpha1 ProxyConfig, put together as istiod does
 * (`pilot/pkg/model/proxy_config.go`). The later of these wins: `meshConfig.defaultConfig`; the ProxyConfig of the root namespace,
 * then that of the proxy's own, each without a selector; the annotation `proxy.istio.io/config` of its workload; the ProxyConfig
 * of its namespace that selects it.
 */

import { isDeepStrictEqual } from "node:util";
import type { ProxyOptions } from "../../../options.ts";
import { describeResource } from "../../resources/describe-resource.ts";
import type {
  FieldPath,
  ProxyConfigResourceSpec,
  ProxyConfigSpec,
  ProxyHeaders,
  Resource,
  ResourceSet,
} from "../../resources/model.ts";
import { annotatedWorkloads, proxyConfigIn } from "../../resources/proxy-annotations.ts";
import { selects } from "../../services/labels.ts";
import type { MeshSettings } from "../../services/mesh-settings.ts";
import { byAge } from "../../services/order.ts";
import type { Report } from "../../services/report.ts";

/** Of all that the configuration of a proxy is made of, what is used. */
type Documents = Pick<ResourceSet, "proxyConfigs" | "pods" | "podMakers">;
type Proxy = Pick<ProxyOptions, "proxyNamespace" | "proxyLabels">;

/** Fields that nobody writes are absent: what they default to is for whoever reads them to say. */
export function proxyConfigOf(
  documents: Documents,
  proxy: Proxy,
  settings: Pick<MeshSettings, "written" | "rootNamespace">,
): ProxyConfigSpec {
  return proxyConfigSources(documents, proxy, settings)
    .map(({ config }) => config)
    .reduce(mergeProxyConfig, settings.written.defaultConfig ?? {});
}

/** What holds of this proxy beside what holds for all of the mesh, the weakest first. */
export function proxyConfigSources(
  documents: Documents,
  proxy: Proxy,
  settings: Pick<MeshSettings, "rootNamespace">,
): readonly ProxyConfigSource[] {
  return sourcesOf(documents, proxy, settings).flatMap(([first]) => first ?? []);
}

/** Of several that say different things of this proxy, which of them holds: SL0942. */
export function reportContradictions(
  documents: Documents,
  proxy: Proxy,
  settings: Pick<MeshSettings, "written" | "rootNamespace">,
  report: Report,
): void {
  for (const [first, ...others] of sourcesOf(documents, proxy, settings)) {
    for (const { resource, path, config } of others) {
      if (!isDeepStrictEqual(first!.config, config)) {
        report(
          "SL0942",
          `${describeResource(resource)} says something else of this proxy than ${describeResource(first!.resource)}, which holds`,
          resource.spanOf(path),
          () => ({ related: [{ message: "this one holds", span: first!.resource.spanOf(first!.path) }] }),
        );
      }
    }
  }
}

/** Something that configures this proxy, and where. */
export interface ProxyConfigSource {
  readonly resource: Resource<unknown>;
  readonly path: FieldPath;
  readonly config: ProxyConfigSpec;
}

/** The weakest first; of each strength the first of its sources counts alone. */
function sourcesOf(
  documents: Documents,
  { proxyNamespace, proxyLabels }: Proxy,
  { rootNamespace }: Pick<MeshSettings, "rootNamespace">,
): readonly (readonly ProxyConfigSource[])[] {
  const sorted = [...documents.proxyConfigs].sort(byAge);
  const ofNamespace = (namespace: string) =>
    sorted.filter((one) => one.namespace === namespace && one.spec.selector === undefined);
  const own = sorted.filter(({ namespace, spec }) => {
    const selector = spec.selector?.matchLabels ?? {};
    return namespace === proxyNamespace && Object.keys(selector).length > 0 && selects(selector, proxyLabels);
  });
  return [
    ofNamespace(rootNamespace).map(ofResource),
    proxyNamespace === rootNamespace ? [] : ofNamespace(proxyNamespace).map(ofResource),
    annotationsOf(documents, { proxyNamespace, proxyLabels }),
    own.map(ofResource),
  ];
}

/** istiod's `toMeshConfigProxyConfig`. */
function ofResource(resource: Resource<ProxyConfigResourceSpec>): ProxyConfigSource {
  const { concurrency, environmentVariables, image } = resource.spec;
  const config = {
    ...(concurrency !== undefined && { concurrency }),
    ...(environmentVariables && { proxyMetadata: environmentVariables }),
    ...(image && { image }),
  };
  return { resource, path: ["spec"], config };
}

/** A proxy that has all its labels from the same workload; one of which no label is known is nobody's. */
function annotationsOf(
  documents: Documents,
  { proxyNamespace, proxyLabels }: Proxy,
): readonly ProxyConfigSource[] {
  if (Object.keys(proxyLabels).length === 0) {
    return [];
  }
  return annotatedWorkloads(documents)
    .filter(({ resource, labels }) => resource.namespace === proxyNamespace && selects(proxyLabels, labels))
    .flatMap((workload) => {
      const config = proxyConfigIn(workload, SILENT);
      return config === undefined ? [] : [{ ...workload, config }];
    });
}

/** What is wrong with an annotation is said when its resource is validated. */
const SILENT = { report() {} };

/**
 * istiod's `MergeProxyConfig`: a field replaces the one before as a whole, but for `proxyMetadata`, which is a union, and those of
 * `proxyHeaders` that `correctProxyHeaders` keeps.
 */
export function mergeProxyConfig(base: ProxyConfigSpec, over: ProxyConfigSpec): ProxyConfigSpec {
  const proxyMetadata = { ...base.proxyMetadata, ...over.proxyMetadata };
  const headers = over.proxyHeaders && { ...kept(base.proxyHeaders), ...written(over.proxyHeaders) };
  return {
    ...base,
    ...over,
    ...(Object.keys(proxyMetadata).length > 0 && { proxyMetadata }),
    ...(headers && { proxyHeaders: headers }),
  };
}

function kept(headers: ProxyHeaders = {}): ProxyHeaders {
  const { forwardedClientCert, requestId, attemptCount, server, envoyDebugHeaders } = headers;
  return {
    ...(forwardedClientCert && { forwardedClientCert }),
    ...(requestId && { requestId }),
    ...(attemptCount && { attemptCount }),
    ...(server && { server }),
    ...(envoyDebugHeaders && { envoyDebugHeaders }),
  };
}

/** A value of an enumeration that means nothing is not there. */
function written({ forwardedClientCert, ...others }: ProxyHeaders): ProxyHeaders {
  return forwardedClientCert === undefined || forwardedClientCert === "UNDEFINED"
    ? others
    : { ...others, forwardedClientCert };
}
