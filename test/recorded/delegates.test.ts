/** What istiod makes of roots and their delegates, step by step. */

import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { resolveGatewayName } from "../../compiler/front/istio/rules/gateway-names.ts";
import { areInConflict, mergeMatches, mergeRules } from "../../compiler/front/istio/rules/merge-rules.ts";
import { visibleVirtualServices } from "../../compiler/front/istio/rules/virtual-services.ts";
import { resources } from "../../compiler/front/istio/testing.ts";
import type {
  HttpMatchRequest,
  HttpRoute,
  VirtualServiceSpec,
} from "../../compiler/front/resources/model.ts";
import { reportTo } from "../../compiler/front/services/report.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../compiler/options.ts";
import { withRecordedCases } from "../harness/recorded.ts";
import { Tally } from "../harness/tally.ts";

interface VirtualServiceCase {
  readonly name: string;
  readonly namespace: string;
  readonly spec: VirtualServiceSpec;
}

type DelegateCase = { readonly name: string } & (
  | {
      readonly fn: "MergedVirtualServices";
      /** The mesh's default for a VirtualService that has no exportTo. */
      readonly default_export_to: readonly string[];
      readonly virtual_services: readonly VirtualServiceCase[];
      readonly expected: readonly VirtualServiceCase[];
    }
  | {
      readonly fn: "MergeHTTPRoutes";
      readonly root: HttpRoute;
      readonly delegate: readonly HttpRoute[];
      readonly expected: readonly HttpRoute[];
    }
  | {
      readonly fn: "mergeHTTPMatchRequests";
      readonly root: readonly HttpMatchRequest[];
      readonly delegate: readonly HttpMatchRequest[];
      readonly expected: readonly HttpMatchRequest[];
    }
  | {
      readonly fn: "hasConflict";
      readonly root: HttpMatchRequest;
      readonly delegate: HttpMatchRequest;
      readonly expected: boolean;
    }
  | {
      readonly fn: "resolveGatewayName";
      readonly gateway: string;
      readonly namespace: string;
      readonly expected: string;
    }
);

/** The answer of ours, in the shape of the recorded one. */
function answer(one: DelegateCase): unknown {
  switch (one.fn) {
    case "MergedVirtualServices":
      return mergedVirtualServices(one.virtual_services, one.default_export_to);
    case "MergeHTTPRoutes":
      return one.delegate
        .map((leaf) => mergeRules(one.root, leaf))
        .flatMap((merged) => ("leaf" in merged ? [] : [merged.rule]));
    case "mergeHTTPMatchRequests": {
      const merged = mergeMatches(one.root, one.delegate);
      return "leaf" in merged ? [] : merged.matches.map(({ match }) => match);
    }
    case "hasConflict":
      return areInConflict(one.root, one.delegate);
    case "resolveGatewayName":
      return resolveGatewayName(one.gateway, one.namespace);
  }
}

function mergedVirtualServices(
  all: readonly VirtualServiceCase[],
  defaultExportTo: readonly string[],
): VirtualServiceCase[] {
  const documents = all.map(({ name, namespace, spec }) =>
    stringify({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name, namespace },
      spec: { exportTo: defaultExportTo, ...spec },
    }),
  );
  const set = resources(documents.join("---\n"));
  const namespaces = [...new Set(all.map(({ namespace }) => namespace))];
  // A recorded answer is that of all proxies together.
  const found = namespaces.flatMap((proxyNamespace) =>
    visibleVirtualServices(
      set,
      { ...DEFAULT_PROXY_OPTIONS, proxyNamespace },
      reportTo({ report: () => {} }),
    ).map(({ resource: { name, namespace, spec }, hosts, gateways }) => ({
      name,
      namespace,
      spec: { hosts, gateways, http: spec.http ?? [] },
    })),
  );
  return [...new Map(found.map((one) => [`${one.namespace}/${one.name}`, one])).values()];
}

withRecordedCases<DelegateCase>("delegates.yaml", (cases) => {
  const tally = new Tally("delegates.yaml");
  afterAll(() => tally.print());

  test.each(cases.map((one) => [one.fn, one.name, one] as const))("%s: %s", (_fn, _name, one) => {
    expect(answer(one)).toEqual(one.expected);
    tally.held();
  });
});
