/** Documents of rules, as JSON, which is YAML. */

export function resource(kind: string, name: string, spec: object): string {
  return JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind,
    metadata: { name: name.replaceAll(/[^a-z0-9-]/g, "-"), namespace: "default" },
    spec,
  });
}
