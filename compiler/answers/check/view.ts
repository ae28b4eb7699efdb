/**
 * The input as a whole, as analysers look at it: whoever the proxy is, what do the resources say of one another? The
 * lowering only knows what one proxy sees.
 */

import type { Reading } from "../../compile.ts";
import { DIAGNOSTIC_CODES, type DiagnosticCode } from "../../diagnostics/codes.ts";
import type { Diagnostic, DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { FieldPath, Resource, ResourceSet } from "../../front/resources/model.ts";
import type { KnownPod } from "../../front/services/known-pods.ts";
import { type Labels, selects } from "../../front/services/labels.ts";
import type { ServiceIndex } from "../../front/services/service-index.ts";
import type { VirtualAddresses } from "../../front/services/virtual-addresses.ts";
import type { ProxyOptions } from "../../options.ts";
import { nameOf } from "../../source/field-path.ts";

export type SelectablePod = Pick<KnownPod, "namespace" | "labels">;

export type ReportAt = (
  code: DiagnosticCode,
  resource: Resource<unknown>,
  path: FieldPath,
  message: string,
  more?: Pick<Diagnostic, "help" | "lists" | "related">,
) => void;

export interface View {
  readonly resources: ResourceSet;
  readonly options: ProxyOptions;
  readonly services: ServiceIndex;
  /** Of hosts that say none, where this proxy's clients resolve them so. */
  readonly virtualAddresses: VirtualAddresses;
  /** With that of Istio's own ingress gateway, which nobody keeps in git. */
  readonly pods: readonly SelectablePod[];
  /** When certificates have to be valid. */
  readonly now: Date;
  readonly report: ReportAt;
}

/** Pods of the ingress gateway that Istio installs. */
export const DEFAULT_GATEWAY_POD: SelectablePod = {
  namespace: "istio-system",
  labels: { app: "istio-ingressgateway", istio: "ingressgateway" },
};

export function viewOf(
  { resources, environment }: Pick<Reading, "resources" | "environment">,
  options: ProxyOptions,
  sink: DiagnosticSink,
  now: Date,
): View {
  const said = new Set<string>();
  return {
    resources,
    options,
    services: environment.services,
    virtualAddresses: environment.virtualAddresses,
    now,
    pods: [...environment.workloads.pods, DEFAULT_GATEWAY_POD],
    report(code, resource, path, message, more = {}) {
      const span = resource.spanOf(path);
      const key = keyOf({ code, span });
      // One place may have a fault in several ways.
      if (said.has(key)) {
        return;
      }
      said.add(key);
      const { level } = DIAGNOSTIC_CODES[code];
      sink.report({ code, level, message: `${nameOf(path)}: ${message}`, span, ...more });
    },
  };
}

/** A code at a place. */
export function keyOf({ code, span }: Pick<Diagnostic, "code" | "span">): string {
  return `${code} ${span?.file.path} ${span?.start}`;
}

/** No label at all selects every Pod here, as in a Gateway. */
export function podsOf({ pods }: View, selector: Labels | undefined): SelectablePod[] {
  return pods.filter(({ labels }) => selects(selector, labels));
}
