import { describe, expect, test } from "vitest";
import { type CompilerCache, understand } from "../../../compile.ts";
import type { Diagnostic } from "../../../diagnostics/diagnostic.ts";
import { positionAt } from "../../../diagnostics/position.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../../options.ts";
import type { CheckedReferences } from "./check-references.ts";

/** `code line:column` of what is found, and the words that it is told with. */
function find(text: string, checked: CheckedReferences, options: Partial<ProxyOptions> = {}) {
  const found: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => void found.push(diagnostic) };
  const noCache: [undefined, CompilerCache | undefined] = [undefined, undefined];
  const proxy = { ...DEFAULT_PROXY_OPTIONS, ...options };
  understand([{ path: "rules.yaml", text }], proxy, "answer", sink, ...noCache, checked);
  return found
    .filter(({ code }) => code.startsWith("SL040") || code === "SL0448" || code === "SL0446")
    .map(({ code, span, message, help, related = [] }) => {
      const { line, column } = positionAt(span!.file, span!.start);
      const others = related.map((one) => `${one.message} ${positionAt(one.span.file, one.span.start).line}`);
      return { at: `${code} ${line}:${column}`, words: [message, help, ...others].join("\n") };
    })
    .sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
}

const places = (...finding: Parameters<typeof find>) => find(...finding).map(({ at }) => at);

/** Documents, the first of which begins at line 1; each is made of the lines of one template. */
const file = (...documents: readonly string[]) => documents.map((text) => text.trim()).join("\n---\n");

const SERVICE = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: s, namespace: default }
spec:
  hosts: [s.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 10.0.0.1, labels: { version: v1 } }]
`;

const SUBSETS = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: s, namespace: default }
spec:
  host: s.example
  subsets:
  - name: v1
    labels: { version: v1 }
`;

const GATEWAY = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec:
  selector: { istio: ingressgateway }
  servers:
  - port: { number: 80, name: http, protocol: HTTP }
    hosts: [a.example]
`;

/** A rule in `default` that both the mesh and the proxy have; its destination is in line 7. */
const rule = (destination: string, more = "", name = "a") => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: default }
spec:
  hosts: [a.example]
  http:
  - route: [{ destination: { ${destination} } }]
${more}`;

const REDIRECT = "  http: [{ redirect: { uri: /x } }]";

const atGateway = (name: string, host = "a.example") => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a, namespace: default }
spec:
  hosts: [${host}]
  gateways: [${name}]
${REDIRECT}
`;

describe("a reference that leads nowhere is told to one proxy and to everyone in the same words", () => {
  test.each<[what: string, text: string, place: string]>([
    ["an unknown host", file(rule("host: nobody.example"), SERVICE), "SL0401 7:36"],
    ["a host that was misspelt", file(rule("host: t.example"), SERVICE), "SL0401 7:36"],
    [
      "an unknown mirror",
      file(rule("host: s.example", "    mirror: { host: nobody.example }"), SERVICE),
      "SL0401 8:21",
    ],
    ["an unknown port", file(rule("host: s.example, port: { number: 81 }"), SERVICE), "SL0402 7:63"],
    ["an unknown subset", file(rule("host: s.example, subset: v2"), SERVICE, SUBSETS), "SL0403 7:55"],
    ["a subset without any policy", file(rule("host: s.example, subset: v1"), SERVICE), "SL0403 7:55"],
    ["an unknown Gateway", file(atGateway("egde"), GATEWAY), "SL0404 6:14"],
    ["a selector", GATEWAY.trim().replace("ingress", "ingres"), "SL0405 5:13"],
    ["the host of a policy", file(SUBSETS.replace("host: s", "host: t"), SERVICE), "SL0406 5:9"],
    ["hosts of no server", file(atGateway("edge", "b.example"), GATEWAY), "SL0408 5:10"],
  ])("%s", (_what, text, place) => {
    const ofProxy = find(text, "ofProxy");
    expect(ofProxy.map(({ at }) => at)).toEqual([place]);
    expect(find(text, "ofEveryone")).toEqual(ofProxy);
  });

  test("two VirtualServices for one host: everyone is told on both sides, the proxy at the one that is not heard", () => {
    const text = file(rule("host: s.example"), rule("host: s.example", "", "b"), SERVICE);
    const [later] = find(text, "ofProxy");
    expect(later?.at).toBe("SL0407 13:11");
    expect(places(text, "ofProxy")).toHaveLength(1);
    const ofEveryone = find(text, "ofEveryone");
    expect(ofEveryone.map(({ at }) => at)).toEqual(["SL0407 13:11", "SL0407 5:11"]);
    expect(ofEveryone[0]).toEqual(later);
    expect(later?.words).toContain("the other one 5");
    // Without a listener for the mesh, nobody asks this proxy for it.
    expect(places(text, "ofProxy", { meshPort: 0 })).toEqual([]);
  });

  test("an empty subset: the proxy is told where it is asked for, everyone where it is defined, too", () => {
    const text = file(rule("host: s.example, subset: v1"), SERVICE, SUBSETS.replace(": v1 }", ": v9 }"));
    const [asked] = find(text, "ofProxy");
    expect(asked?.at).toBe("SL0409 7:55");
    const ofEveryone = find(text, "ofEveryone");
    expect(ofEveryone.map(({ at }) => at)).toEqual(["SL0409 25:13", "SL0409 7:55"]);
    expect(new Set(ofEveryone.map(({ words }) => words))).toEqual(new Set([asked?.words]));
  });

  test("a Gateway that does not serve the hosts: with the place of its servers, and what they serve", () => {
    const [finding] = find(file(atGateway("edge", "b.example"), GATEWAY), "ofProxy");
    expect(finding?.words.split("\n").slice(1)).toEqual(["It serves a.example.", "its servers 14"]);
    const many = Array.from({ length: 40 }, (_, i) => `h${i}.example`).join(", ");
    const [long] = find(file(atGateway("edge", "b.example"), GATEWAY.replace("a.example", many)), "ofProxy");
    expect(long?.words).toContain("h9.example and 30 more.");
    const elsewhere = GATEWAY.replace("a.example", "other/a.example");
    const [none] = find(file(atGateway("edge"), elsewhere), "ofProxy");
    expect(none?.words).toContain("no hosts for this namespace");
  });
});

describe("an ExternalName Service is another name, whose own ports mean nothing", () => {
  const alias = (externalName: string) => `
apiVersion: v1
kind: Service
metadata: { name: out }
spec: { type: ExternalName, externalName: ${externalName} }
`;
  const asked = (port: number, externalName: string) =>
    find(file(rule(`host: out, port: { number: ${port} }`), alias(externalName), SERVICE), "ofEveryone");

  test("of a service that is there, the ports of that service count", () => {
    expect(asked(80, "s.example")).toEqual([]);
    const [finding] = asked(81, "s.example");
    expect(finding?.at).toBe("SL0402 7:57");
  });

  test("of what is no service, it leads nowhere", () => {
    const [finding] = asked(80, "www.example.org");
    expect(finding?.at).toBe("SL0401 7:36");
    expect(finding?.words).toContain("www.example.org");
    expect(finding?.words).toContain("out.default.svc.cluster.local");
  });

  test("and so does another name of another name", () => {
    const second = alias("s.example").replace("name: out", "name: second");
    const text = file(rule("host: out"), alias("second.default.svc.cluster.local"), second, SERVICE);
    expect(places(text, "ofEveryone")).toEqual(["SL0401 7:36"]);
  });
});

describe("Pods that a Deployment will make count as Pods", () => {
  const KUBERNETES = `
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ name: http, port: 80 }]
`;
  const subsets = (labels: string) => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web }
spec:
  host: web
  subsets: [{ name: one, labels: { ${labels} } }]
`;
  const maker = (apiVersion: string, kind: string, labels: string, namespace = "default") => `
apiVersion: ${apiVersion}
kind: ${kind}
metadata: { name: web, namespace: ${namespace} }
spec:
  template:
    metadata: { labels: { ${labels} } }
`;

  test.each([
    ["apps/v1", "Deployment"],
    ["apps/v1", "StatefulSet"],
    ["apps/v1beta2", "DaemonSet"],
    ["argoproj.io/v1alpha1", "Rollout"],
  ])("%s %s", (apiVersion, kind) => {
    const text = (labels: string) =>
      file(KUBERNETES, subsets("version: v1"), maker(apiVersion, kind, `app: web, version: ${labels}`));
    expect(places(text("v1"), "ofEveryone")).toEqual([]);
    expect(places(text("v2"), "ofEveryone")).toEqual(["SL0409 13:34"]);
  });

  test("not those of another namespace, nor those that the Service does not select", () => {
    const own = maker("apps/v1", "Deployment", "app: web");
    for (const other of [
      maker("apps/v1", "Deployment", "app: web, version: v1", "elsewhere"),
      maker("apps/v1", "StatefulSet", "app: other, version: v1"),
    ]) {
      expect(places(file(KUBERNETES, subsets("version: v1"), own, other), "ofEveryone")).toEqual([
        "SL0409 13:34",
      ]);
    }
  });

  test("they may stand in any zone", () => {
    const zone = subsets("version: v1, topology.kubernetes.io/zone: a");
    const text = file(KUBERNETES, zone, maker("apps/v1", "Deployment", "app: web, version: v1"));
    expect(places(text, "ofEveryone")).toEqual([]);
  });

  test("for a Gateway's selector, too", () => {
    const text = file(
      GATEWAY.replace("ingressgateway", "private"),
      maker("apps/v1", "Deployment", "istio: private"),
    );
    expect(places(text, "ofEveryone")).toEqual([]);
  });

  test("of a service without any, they are in a cluster, and that is a note", () => {
    expect(places(file(KUBERNETES, subsets("version: v1")), "ofEveryone")).toEqual(["SL0448 13:34"]);
  });

  test("a template of another shape has no labels, and is no error", () => {
    const strange = maker("apps/v1", "Deployment", "app: web").replace(/template:[\s\S]*/, "template: [1]");
    expect(places(file(KUBERNETES, subsets("version: v1"), strange), "ofEveryone")).toEqual(["SL0448 13:34"]);
  });
});

describe("what the proxy does not see, only everyone is told", () => {
  const hidden = (text: string) => text.replace("spec:\n", 'spec:\n  exportTo: ["."]\n');
  const OTHER: Partial<ProxyOptions> = { proxyNamespace: "elsewhere" };

  test.each<[what: string, text: string, place: string]>([
    ["an unknown host", file(hidden(rule("host: nobody.example")), SERVICE), "SL0401 8:36"],
    ["an unknown port", file(hidden(rule("host: s.example, port: { number: 81 }")), SERVICE), "SL0402 8:63"],
    ["an unknown subset", file(hidden(rule("host: s.example, subset: v2")), SERVICE), "SL0403 8:55"],
    ["an unknown Gateway", file(hidden(atGateway("egde")), GATEWAY), "SL0404 7:14"],
    ["the host of a policy", file(hidden(SUBSETS.replace("host: s", "host: t")), SERVICE), "SL0406 6:9"],
    ["hosts of no server", file(hidden(atGateway("edge", "b.example")), GATEWAY), "SL0408 6:10"],
    ["an empty subset", file(SUBSETS.replace(": v1 }", ": v9 }"), SERVICE), "SL0409 8:13"],
  ])("%s", (_what, text, place) => {
    expect(places(text, "ofProxy", OTHER)).toEqual([]);
    expect(places(text, "ofEveryone", OTHER)).toEqual([place]);
  });

  test("two VirtualServices for one host in other namespaces", () => {
    const text = file(hidden(rule("host: s.example")), hidden(rule("host: s.example", "", "b")), SERVICE);
    expect(places(text, "ofProxy", OTHER)).toEqual([]);
    expect(places(text, "ofEveryone", OTHER)).toEqual(["SL0407 15:11", "SL0407 6:11"]);
  });

  test("a rule for another namespace, where the service is not seen", () => {
    const text = file(
      rule("host: s.example").replace("spec:\n", "spec:\n  exportTo: [other]\n"),
      hidden(SERVICE),
    );
    expect(places(text, "ofProxy")).toEqual([]);
    expect(places(text, "ofEveryone")).toEqual(["SL0401 8:36"]);
  });
});

describe("what only the proxy cannot find, it is told, and so is everyone", () => {
  test("a service that is not exported to it", () => {
    const text = file(rule("host: s.example"), SERVICE.replace("spec:\n", 'spec:\n  exportTo: ["."]\n'));
    const options = { proxyNamespace: "elsewhere" };
    expect(places(text, "ofProxy", options)).toEqual(["SL0401 7:36"]);
    expect(places(text, "ofEveryone", options)).toEqual(["SL0401 7:36"]);
    expect(places(text, "ofEveryone")).toEqual([]);
  });

  test("the port of a destination that names none, at each port of the mesh", () => {
    const other = SERVICE.replaceAll("s.example", "a.example").replace("name: s", "name: t");
    const text = file(rule("host: s.example"), SERVICE, other.replace("number: 80", "number: 81"));
    expect(places(text, "ofProxy")).toEqual(["SL0402 7:28"]);
    expect(places(text, "ofEveryone")).toEqual(["SL0402 7:28"]);
  });

  test("of a host that nobody has it is told no more; everyone, that its subset is not there either", () => {
    const text = file(rule("host: nobody.example, subset: v1"), SERVICE);
    expect(places(text, "ofProxy")).toEqual(["SL0401 7:36"]);
    expect(places(text, "ofEveryone")).toEqual(["SL0401 7:36", "SL0403 7:60"]);
  });
});

describe("an egress proxy", () => {
  const egress = (to: string) => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: default, namespace: default }
spec: { outboundTrafficPolicy: { mode: ALLOW_ANY, egressProxy: { ${to} } } }
`;

  test.each([
    ["host: s.example, port: { number: 80 }", []],
    ["host: t.example, port: { number: 80 }", ["SL0401 4:72"]],
    ["host: s.example, port: { number: 81 }", ["SL0402 4:99"]],
    ["host: s.example, subset: v1, port: { number: 80 }", ["SL0403 4:91"]],
  ])("%s", (to, expected) => {
    const text = file(egress(to), SERVICE);
    expect(places(text, "ofProxy")).toEqual(expected);
    expect(places(text, "ofEveryone", { proxyNamespace: "elsewhere" })).toEqual(expected);
  });

  test("is told what becomes of requests, and what a short name may be short for", () => {
    const text = file(egress("host: s, port: { number: 80 }"), SERVICE);
    expect(find(text, "ofProxy").map(({ words }) => words)).toEqual([
      'no service has the host "s"; requests for hosts that are not registered will get a 503\nA Sidecar does not expand short names; write s.example.',
    ]);
  });
});

describe("a Gateway of another proxy is no fault", () => {
  const selecting = (labels: string) => GATEWAY.trim().replace("istio: ingressgateway", labels);

  test("Istio's own, and those that a Service or a template of the input has", () => {
    for (const labels of ["istio: egressgateway", "app: istio-eastwestgateway"]) {
      expect(places(selecting(labels), "ofEveryone")).toEqual([]);
    }
    const partners = selecting("app: partner-edge");
    expect(places(partners, "ofEveryone")).toEqual(["SL0446 5:13"]);
    const service = `
apiVersion: v1
kind: Service
metadata: { name: partners, namespace: partners }
spec:
  selector: { app: partner-edge, tier: front }
  ports: [{ name: http, port: 80 }]
`;
    expect(places(file(partners, service), "ofEveryone")).toEqual([]);
    // Asked about as another proxy, neither is told of the ingress gateway.
    expect(places(GATEWAY, "ofEveryone", { proxyLabels: { app: "partner-edge" } })).toEqual([]);
  });

  test.each(["istio: ingressgateway-a", "app: b", "team: ingressgateway"])(
    "%s is not taken for a slip",
    (labels) => {
      expect(places(selecting(labels), "ofEveryone")).toEqual(["SL0446 5:13"]);
    },
  );

  test.each(["istio: ingress-gateway", "istio: egresgateway", "app: istio-ingressgatewya"])(
    "%s is",
    (labels) => {
      const [found] = find(selecting(labels), "ofEveryone");
      expect(found?.at).toBe("SL0405 5:13");
      expect(found?.words).toContain("Did you mean");
    },
  );
});
