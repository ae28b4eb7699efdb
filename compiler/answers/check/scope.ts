/**
 * For which proxies a rule is in force. Rules are looked at as one proxy has them; what is said of a rule has to hold for
 * all that have it, at other Gateways and in other namespaces too.
 */

import { MESH, resolveGatewayName } from "../../front/istio/rules/gateway-names.ts";
import { describeResource } from "../../front/resources/describe-resource.ts";
import type {
  HttpMatchRequest,
  HttpRoute,
  Resource,
  ResourceSet,
  VirtualServiceSpec,
} from "../../front/resources/model.ts";
import { selects } from "../../front/services/labels.ts";
import { labelsOfProxy } from "../../front/services/proxy-labels.ts";
import type { RouteOrigin } from "../../ir/ir.ts";
import type { ProxyOptions } from "../../options.ts";

type VirtualService = Resource<VirtualServiceSpec>;

interface Scope {
  /** Whose hosts and gateways hold: of a delegate's rule, that of one which delegates to it. */
  readonly root: VirtualService;
  readonly gateways: readonly string[];
  readonly sourceLabels: Readonly<Record<string, string>>;
  readonly sourceNamespace: string | undefined;
}

export class Scopes {
  readonly #byName: ReadonlyMap<string, VirtualService>;
  /** `namespace/name` of a delegate → those that delegate to it, with the rule that does. */
  readonly #delegating = new Map<string, { readonly root: VirtualService; readonly rule: HttpRoute }[]>();
  readonly #served: ReadonlySet<string>;

  constructor({ virtualServices, gateways }: ResourceSet, options: ProxyOptions) {
    this.#byName = new Map(virtualServices.map((one) => [describeResource(one), one]));
    for (const root of virtualServices) {
      for (const rule of root.spec.http ?? []) {
        if (rule?.delegate === undefined) {
          continue;
        }
        const name = `${rule.delegate.namespace || root.namespace}/${rule.delegate.name}`;
        const known = this.#delegating.get(name);
        if (known === undefined) {
          this.#delegating.set(name, [{ root, rule }]);
        } else {
          known.push({ root, rule });
        }
      }
    }
    const selected = gateways.filter(({ spec }) => selects(spec.selector, labelsOfProxy(options)));
    this.#served = new Set([MESH, ...selected.map(({ namespace, name }) => `${namespace}/${name}`)]);
  }

  /** Whether a rule also holds at Gateways that are not this proxy's. */
  isElsewhere(origin: RouteOrigin): boolean {
    return this.#scopesOf(origin).some((scope) => this.#reachesBeyond(scope));
  }

  /** Whether every proxy that has `rule` has `other`, too. */
  isAlwaysWith(other: RouteOrigin, rule: RouteOrigin): boolean {
    const others = this.#scopesOf(other);
    return this.#scopesOf(rule).every((scope) => others.every((one) => this.#holdsIn(one, scope)));
  }

  #holdsIn(other: Scope, scope: Scope): boolean {
    const { sourceNamespace, sourceLabels, gateways, root } = other;
    return (
      (sourceNamespace === undefined || sourceNamespace === scope.sourceNamespace) &&
      selects(sourceLabels, scope.sourceLabels) &&
      (!this.#reachesBeyond(scope) || scope.gateways.every((name) => gateways.includes(name))) &&
      (root === scope.root || exportsAsWidely(root, scope.root))
    );
  }

  #reachesBeyond({ gateways }: Scope): boolean {
    return gateways.some((name) => !this.#served.has(name));
  }

  #scopesOf({ resource, rule, match }: RouteOrigin): readonly Scope[] {
    const owner = this.#byName.get(resource);
    if (owner === undefined) {
      return [];
    }
    const own = match === undefined ? undefined : owner.spec.http?.[rule]?.match?.[match];
    if (owner.spec.hosts?.length) {
      return [scopeOf(owner, [[own, owner]])];
    }
    const roots = this.#delegating.get(`${owner.namespace}/${owner.name}`) ?? [];
    return roots.flatMap(({ root, rule: { match: outer } }) =>
      (outer?.length ? outer : [undefined]).map((one) =>
        scopeOf(root, [
          [one, root],
          [own, owner],
        ]),
      ),
    );
  }
}

function scopeOf(
  root: VirtualService,
  matches: readonly (readonly [HttpMatchRequest | undefined, VirtualService])[],
): Scope {
  let gateways = (root.spec.gateways?.length ? root.spec.gateways : [MESH]).map((name) =>
    resolveGatewayName(name, root.namespace),
  );
  let sourceLabels: Readonly<Record<string, string>> = {};
  let sourceNamespace: string | undefined;
  for (const [match, { namespace }] of matches) {
    if (match?.gateways?.length) {
      gateways = match.gateways.map((name) => resolveGatewayName(name, namespace));
    }
    sourceLabels = { ...sourceLabels, ...match?.sourceLabels };
    sourceNamespace = match?.sourceNamespace ?? sourceNamespace;
  }
  return { root, gateways, sourceLabels, sourceNamespace };
}

function exportsAsWidely(other: VirtualService, root: VirtualService): boolean {
  const { exportTo } = other.spec;
  if (!exportTo?.length || exportTo.includes("*")) {
    return true;
  }
  return (
    other.namespace === root.namespace && JSON.stringify(exportTo) === JSON.stringify(root.spec.exportTo)
  );
}
