/** Kubernetes labels. */

export type Labels = Readonly<Record<string, string>>;

/** Every label of `selector` is one of `labels`, with the same value. */
export function selects(selector: Labels | undefined, labels: Labels): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
}

/** Of a label that is not there it is empty. A label may be named as something that every object has, `constructor` say. */
export function labelValue(labels: Labels, name: string): string {
  return Object.hasOwn(labels, name) ? labels[name]! : "";
}

/** `a=1,b=2`, as it is written on a command line. */
export function formatLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
