/**
 * WorkloadGroups: templates of WorkloadEntries. istiod writes an entry by one when a machine registers
 * (`workloadEntryFromGroup`), and names the group in it; an entry in a file that names its group need not say again what the
 * group says. What the entry says itself holds.
 */

import type { Resource, ResourceSet, WorkloadEntrySpec, WorkloadGroupSpec } from "../resources/model.ts";
import { fieldOf, itemsOf } from "../resources/unchecked-fields.ts";

const GROUP_ANNOTATION = "istio.io/autoRegistrationGroup";

/** The same set where no entry has a group. */
export function withGroupTemplates(resources: ResourceSet): ResourceSet {
  const { workloadGroups, workloadEntries } = resources;
  if (workloadGroups.length === 0) {
    return resources;
  }
  return { ...resources, workloadEntries: workloadEntries.map(templatesOf(workloadGroups)) };
}

/** Makes of an entry the one that it is by its group; the same where it has none of these. */
export function templatesOf(
  workloadGroups: readonly Resource<WorkloadGroupSpec>[],
): (entry: Resource<WorkloadEntrySpec>) => Resource<WorkloadEntrySpec> {
  const groups = new Map(workloadGroups.map((group) => [`${group.namespace}/${group.name}`, group]));
  return (entry) => {
    const name = groupOf(entry);
    const group = name === undefined ? undefined : groups.get(`${entry.namespace}/${name}`);
    return group === undefined ? entry : byTemplate(entry, group);
  };
}

/** By the annotation that istiod writes, or by the owner. */
function groupOf({ annotations, document }: Resource<WorkloadEntrySpec>): string | undefined {
  const owner = itemsOf(document, "metadata", "ownerReferences").find(
    (one) => fieldOf(one, "kind") === "WorkloadGroup",
  );
  return annotations[GROUP_ANNOTATION] ?? (owner === undefined ? undefined : String(fieldOf(owner, "name")));
}

/** What was made of an entry, with the group that it was made by: who compares resources sees the same one again. */
const made = new WeakMap<
  Resource<WorkloadEntrySpec>,
  { readonly group: unknown; readonly entry: Resource<WorkloadEntrySpec> }
>();

function byTemplate(
  entry: Resource<WorkloadEntrySpec>,
  group: Resource<WorkloadGroupSpec>,
): Resource<WorkloadEntrySpec> {
  const known = made.get(entry);
  if (known?.group === group) {
    return known.entry;
  }
  const { template = {}, metadata = {} } = group.spec;
  // Where it is, each has of its own.
  const { address: _address, ...common } = template;
  const whole: Resource<WorkloadEntrySpec> = {
    ...entry,
    annotations: { ...metadata.annotations, ...entry.annotations },
    spec: {
      ...common,
      ...entry.spec,
      labels: { ...template.labels, ...metadata.labels, ...entry.spec.labels },
    },
  };
  made.set(entry, { group, entry: whole });
  return whole;
}
