/**
 * What istiod's webhook finds in a resource by itself, without looking at any other: the rules of the
 * kinds, each in its own file. Every finding is reported, not the first.
 */

import type { DiagnosticSink } from "../../../diagnostics/diagnostic.ts";
import { NO_PROGRESS, type Progress } from "../../../progress.ts";
import type { ResourceSet } from "../../resources/model.ts";
import { annotatedWorkloads, proxyConfigIn } from "../../resources/proxy-annotations.ts";
import type { Resource } from "../../resources/resource.ts";
import { validateOurAnnotations } from "./annotations.ts";
import { checkConnectionSettings } from "./connection-settings.ts";
import { validateDestinationRule } from "./destination-rule.ts";
import { validateGateway } from "./gateway.ts";
import { validateMeshConfig } from "./mesh-config.ts";
import { validateMetadata } from "./metadata.ts";
import { validateProxyConfig } from "./proxy-config.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import { validateRequestAuthentication } from "./request-authentication.ts";
import { validateServiceEntry } from "./service-entry.ts";
import { validateSidecar } from "./sidecar.ts";
import { validateVirtualService } from "./virtual-service.ts";
import { validateWorkloadEntry } from "./workload-entry.ts";
import { validateWorkloadGroup } from "./workload-group.ts";

/** The specs of documents that nothing was found in: what does not change is not looked at again. */
const faultless = new WeakMap<object, unknown>();

export function validate(
  resources: ResourceSet,
  sink: DiagnosticSink,
  progress: Progress = NO_PROGRESS,
): void {
  const {
    virtualServices,
    destinationRules,
    serviceEntries,
    workloadEntries,
    gateways,
    sidecars,
    workloadGroups,
    meshConfigs,
    proxyConfigs,
    requestAuthentications,
  } = resources;
  const total =
    virtualServices.length +
    destinationRules.length +
    serviceEntries.length +
    workloadEntries.length +
    gateways.length +
    sidecars.length +
    workloadGroups.length +
    meshConfigs.length +
    proxyConfigs.length +
    requestAuthentications.length;
  let done = 0;
  const all = <Spec>(
    list: readonly Resource<Spec>[],
    validator: (reporter: Reporter, resource: Resource<Spec>) => void,
  ): void => {
    for (const resource of list) {
      progress.at("checking", ++done, total);
      const { spec, document } = resource;
      if (document !== undefined && faultless.get(document) === spec) {
        continue;
      }
      let findings = 0;
      const counting: DiagnosticSink = {
        report(diagnostic) {
          findings += 1;
          sink.report(diagnostic);
        },
      };
      const reporter = reporterFor(resource, counting);
      validateMetadata(reporter);
      validateOurAnnotations(reporter);
      validator(reporter, resource);
      if (document !== undefined && findings === 0) {
        faultless.set(document, spec);
      }
    }
  };
  all(virtualServices, validateVirtualService);
  all(destinationRules, validateDestinationRule);
  all(serviceEntries, validateServiceEntry);
  all(workloadEntries, validateWorkloadEntry);
  all(gateways, validateGateway);
  all(sidecars, validateSidecar);
  all(workloadGroups, validateWorkloadGroup);
  all(meshConfigs, validateMeshConfig);
  all(proxyConfigs, validateProxyConfig);
  for (const workload of annotatedWorkloads(resources)) {
    const { resource, path } = workload;
    const { connectionSettings = {} } = proxyConfigIn(workload, sink) ?? {};
    checkConnectionSettings(connectionSettings, () => resource.spanOf(path), sink);
  }
  all(requestAuthentications, validateRequestAuthentication);
}
