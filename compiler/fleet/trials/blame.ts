/**
 * Which rules a failed roll-out points at. Envoy names a cluster or a listener, if anything; people wrote a VirtualService or a
 * DestinationRule. So it is one of those that the revision changed, and first of all one whose hosts Envoy's words name.
 */

import { positionAt } from "../../diagnostics/position.ts";
import type { Resource, ResourceSet } from "../../front/resources/model.ts";
import { canonicalJson } from "../../ir/canonical-json.ts";
import type { BlamedRule } from "../rollout/state.ts";

/** More than that nobody reads. */
const MOST = 10;

const LISTS = ["virtualServices", "destinationRules", "serviceEntries", "gateways", "services"] as const;

/** Those that the words point at; all changed ones where they point at none. */
export function blamedRules(
  before: ResourceSet | undefined,
  after: ResourceSet,
  words: readonly string[],
): readonly BlamedRule[] {
  const changed = changedResources(before, after);
  const said = words.join("\n");
  const named = changed.filter((resource) => namesOf(resource).some((name) => says(said, name)));
  return (named.length > 0 ? named : changed).slice(0, MOST).map(placeOf);
}

type Rule = Resource<unknown>;

/** What is new or other than before. What was taken away stands nowhere any more. */
function changedResources(before: ResourceSet | undefined, after: ResourceSet): Rule[] {
  const known = new Map(before === undefined ? [] : rulesOf(before).map((rule) => [idOf(rule), rule]));
  return rulesOf(after).filter((rule) => {
    const old = known.get(idOf(rule));
    if (old === undefined || (old.document !== undefined && old.document === rule.document)) {
      return old === undefined;
    }
    return canonicalJson(contentOf(old)) !== canonicalJson(contentOf(rule));
  });
}

function rulesOf(set: ResourceSet): Rule[] {
  return LISTS.flatMap((list): readonly Rule[] => set[list]);
}

function idOf({ kind, namespace, name }: Rule): string {
  return `${kind} ${namespace}/${name}`;
}

function contentOf({ labels, annotations, spec }: Rule): object {
  return { labels, annotations, spec };
}

/** By which the words of an Envoy may mean it. */
function namesOf({ name, namespace, spec }: Rule): string[] {
  const { host, hosts = [] } = spec as { readonly host?: unknown; readonly hosts?: readonly unknown[] };
  const all = [host, ...hosts].filter((one): one is string => typeof one === "string" && one !== "*");
  return [`${namespace}/${name}`, ...all.map((one) => one.replace(/^\*\./, ""))];
}

/** As a word of its own, or the beginning of a longer name: `reviews` in `outbound|9080||reviews.default.svc.cluster.local`. */
function says(words: string, name: string): boolean {
  const at = words.indexOf(name);
  return at >= 0 && !/[\w-]/.test(words[at - 1] ?? " ") && !/[\w-]/.test(words[at + name.length] ?? " ");
}

function placeOf(rule: Rule): BlamedRule {
  const { file, start } = rule.spanOf(["metadata", "name"]);
  return {
    name: `${rule.kind} ${rule.namespace}/${rule.name}`,
    file: file.path,
    line: positionAt(file, start).line,
  };
}
