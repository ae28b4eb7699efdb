/** What is no resource in a folder of rules, and what must never be taken for that. */

import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { loadResources } from "./model.ts";

const SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";

/** By their names; those that begin with `./` were named, the others found in a folder. */
function load(byName: Readonly<Record<string, string>>) {
  const found: Diagnostic[] = [];
  const files = Object.entries(byName).map(([name, text]) => ({
    path: name,
    text,
    ...(!name.startsWith("./") && { folder: "rules" }),
  }));
  const set = loadResources(files, { report: (one) => void found.push(one) });
  return { set, found, codes: found.map(({ code }) => code) };
}

const FOREIGN = {
  "package.json": '{"name": "x", "version": "1.0.0", "private": true}',
  "values.yaml": "image: {tag: x}\nmetadata: {team: a}\n",
  "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
  "docker-compose.yml": 'version: "3"\nservices: {web: {image: x}}\n',
  "openapi.yaml": "openapi: 3.0.0\ninfo: {title: x}\npaths: {}\n",
  "patch.json": '[{"op": "replace", "path": "/spec/hosts/0", "value": "x"}]',
  "patch.yaml": "- op: add\n  path: /metadata/labels/kind\n  value: x\n",
  "pipeline.yml": "kind: pipeline\nsteps: []\n",
  "provisioning.yaml": "apiVersion: 1\nproviders: []\n",
  "words.yaml": "only words\n",
  "tsconfig.json": '{\n  // a comment\n  "strict": true,\n}\n',
  "stack.yaml": "Resources: {A: {Type: x, Value: !Ref B}}\n",
  "twice.yaml": "a: 1\na: 2\n",
  "test.yaml": 'name: a case\nchecks: [{ask: "GET http://x/", expect: {status: 200}}]\n',
};

describe.each(Object.entries(FOREIGN))("%s", (name, text) => {
  test("is skipped where a folder is searched, with a note", () => {
    const { set, found } = load({ "a.yaml": SERVICE, [name]: text });
    expect(set.services).toHaveLength(1);
    expect(found).toMatchObject([{ code: "SL0012", level: "info" }]);
    expect(found[0]!.message).toContain(name);
  });

  test("is an error where it was named", () => {
    const { found } = load({ [`./${name}`]: text });
    expect(found.map(({ level }) => level)).toContain("error");
  });
});

test("many are one note, with a few names and a number", () => {
  const { found } = load({ "a.yaml": SERVICE, ...FOREIGN });
  expect(found).toHaveLength(1);
  expect(found[0]!.message).toContain(`${Object.keys(FOREIGN).length} files`);
  expect(found[0]!.message).toContain(`and ${Object.keys(FOREIGN).length - 5} more`);
});

describe("a slip in a resource is an error, wherever it was found", () => {
  test.each([
    ["no apiVersion", "kind: VirtualService\nmetadata: {name: a}\nspec: {}\n"],
    ["no apiVersion and nothing else", "kind: VirtualService\nhosts: [a]\n"],
    ["no kind", "apiVersion: networking.istio.io/v1\nmetadata: {name: a}\nspec: {}\n"],
    ["no kind, and only its version", "apiVersion: networking.istio.io/v1\nhosts: [a]\n"],
    ["neither", "metadata: {name: a}\nspec: {hosts: [a]}\n"],
    ["a capital", "apiversion: v1\nkind: Service\nmetadata: {name: a}\n"],
    ["a letter too few", "apiVerson: v1\nKind: Service\nmetadata: {name: a}\n"],
    ["a misspelt kind", "kind: VirtualServise\nhosts: [a]\n"],
    ["a kind of another type", "apiVersion: v1\nkind: 1\n"],
    ["a list of resources", `- {apiVersion: v1, kind: Service, metadata: {name: a}}\n`],
    ["half of a word", "apiVers"],
    ["half of a line", "apiVersion: v1\n"],
    ["broken YAML", `${SERVICE}x: [\n`],
    ["broken JSON", '{"apiVersion": "v1", "kind": "Service"'],
    ["a resource beside something else", `${SERVICE}---\nname: x\nversion: 1\n`],
  ])("%s", (_, text) => {
    const { found } = load({ "b.yaml": text, "a.yaml": SERVICE });
    expect(found.map(({ level }) => level)).toEqual(found.map(() => "error"));
    expect(found.length).toBeGreaterThan(0);
  });
});

describe("nothing", () => {
  test.each(["", "\n \n", "# nothing\n", "---\n# nothing\n---\n---\n", "---\n...\n"])(
    "of a file that was named is a warning: %j",
    (text) => {
      expect(load({ "./a.yaml": text }).found).toMatchObject([{ code: "SL0014", level: "warning" }]);
      expect(load({ "./a.yaml": text, "./b.yaml": SERVICE }).codes).toEqual(["SL0014"]);
    },
  );

  test("in a file of a folder is not worth a word, in all of them is a warning", () => {
    expect(load({ "a.yaml": "# nothing\n", "b.yaml": SERVICE }).codes).toEqual([]);
    expect(load({ "a.yaml": "# nothing\n", "b.yaml": "" }).codes).toEqual(["SL0014"]);
  });

  test("but other files in a folder is an error", () => {
    const { found } = load({ "values.yaml": FOREIGN["values.yaml"] });
    expect(found.map(({ code, level }) => [code, level])).toEqual([
      ["SL0012", "info"],
      ["SL0019", "error"],
    ]);
  });
});

describe("Kustomize", () => {
  const VIRTUAL_SERVICE = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web}\n";
  const RULES = `${VIRTUAL_SERVICE}spec: {hosts: [a.example], http: [{directResponse: {status: 200}}]}\n`;
  const PATCH = `${VIRTUAL_SERVICE}spec: {hosts: [b.example]}\n`;

  test("a kustomization is no mistake, and gets a hint", () => {
    const { found } = load({ "base/kustomization.yaml": "resources: [vs.yaml]\n", "base/vs.yaml": RULES });
    expect(found.map(({ code, level }) => [code, level])).toContainEqual(["SL0018", "info"]);
    expect(found.map(({ code }) => code)).toEqual(["SL0018"]);
    expect(found.find(({ code }) => code === "SL0018")!.help).toContain("kustomize build base");
  });

  test.each([
    ["patches: [{path: patch.yaml, target: {kind: VirtualService}}]", "overlay/patch.yaml"],
    ["patchesStrategicMerge: [./patches/patch.yaml]", "overlay/patches/patch.yaml"],
    ["patches: [{path: ../shared/patch.yaml}]", "shared/patch.yaml"],
  ])("a patch is left out, with its two places: %s", (text, name) => {
    const { set, found } = load({
      "base/vs.yaml": RULES,
      "overlay/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../base]\n${text}\n`,
      [name]: PATCH,
    });
    expect(set.virtualServices.map(({ spec }) => spec.hosts)).toEqual([["a.example"]]);
    const warnings = found.filter(({ level }) => level !== "info");
    expect(warnings).toMatchObject([{ code: "SL0015", level: "warning", span: { file: { path: name } } }]);
    const related = warnings[0]!.related![0]!.span;
    expect([related.file.path, related.file.text.slice(related.start, related.end)]).toEqual([
      "overlay/kustomization.yaml",
      expect.stringContaining("patch.yaml"),
    ]);
  });

  test("one that was named is an error that says what to do", () => {
    const { found } = load({ "./base/kustomization.yaml": "resources: [vs.yaml]\n" });
    expect(found[0]).toMatchObject({ code: "SL0101", level: "error" });
    expect(found[0]!.help).toContain("kustomize build ./base");
  });
});

describe("lists", () => {
  const item = '{"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}';

  test.each([
    [
      "a List of whole resources",
      `{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Service", ${item.slice(1)}]}`,
    ],
    [
      "a list of a kind, whose items do not repeat it",
      `{"apiVersion": "v1", "kind": "ServiceList", "items": [${item}]}`,
    ],
    [
      "a list in a list",
      `{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "ServiceList", "items": [${item}]}]}`,
    ],
  ])("%s", (_, text) => {
    const { set, codes } = load({ "./a.json": text });
    expect(set.services.map(({ name, kind, apiVersion }) => [name, kind, apiVersion])).toEqual([
      ["web", "Service", "v1"],
    ]);
    expect(codes).toEqual([]);
  });

  test("findings in them have their places", () => {
    const { found } = load({
      "./a.yaml":
        "apiVersion: networking.istio.io/v1\nkind: VirtualServiceList\nmetadata: {resourceVersion: '1'}\nitems:\n- metadata: {name: a}\n  spec: {hosts: [a.example], htp: []}\n",
    });
    expect(found).toMatchObject([{ code: "SL0104" }]);
    const { file, start } = found[0]!.span!;
    expect(file.text.slice(start).startsWith("htp")).toBe(true);
  });

  test("items are counted from 1", () => {
    const { found } = load({
      "./a.yaml": `apiVersion: v1\nkind: List\nitems:\n- ${SERVICE.trim().replaceAll("\n", "\n  ")}\n- {name: x}\n`,
    });
    expect(found).toMatchObject([{ code: "SL0101", message: expect.stringContaining("items[2] is not") }]);
  });

  test("of others are counted as what is in them", () => {
    const { set } = load({ "./a.yaml": "apiVersion: batch/v1\nkind: JobList\nitems: [{}, {}]\n" });
    expect([...set.ignored]).toEqual([["batch/Job", 2]]);
  });

  test("without items are empty, or wrong", () => {
    expect(load({ "./a.yaml": "apiVersion: v1\nkind: List\nitems: []\n" }).codes).toEqual(["SL0014"]);
    expect(load({ "./a.yaml": "apiVersion: v1\nkind: List\nitems: null\n" }).codes).toEqual(["SL0014"]);
    expect(load({ "./a.yaml": "apiVersion: v1\nkind: List\nitmes: []\n" }).codes).toEqual(["SL0106"]);
    expect(load({ "./a.yaml": "apiVersion: v1\nkind: ServiceList\nitems: {}\n" }).codes).toEqual(["SL0105"]);
  });

  test("a kind of others may be called so", () => {
    const { set } = load({
      "./a.yaml": "apiVersion: x.example/v1\nkind: DenyList\nmetadata: {name: a}\nspec: {}\n",
    });
    expect([...set.ignored]).toEqual([["x.example/DenyList", 1]]);
  });
});

describe("templates in quotes", () => {
  const rule = (host: string, annotation = "x", body = "x") =>
    `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web, annotations: {note: "${annotation}"}}\nspec: {hosts: ["${host}"], http: [{directResponse: {status: 200, body: {string: "${body}"}}}]}\n`;

  test.each(["{{ .Values.host }}", "api.{{ $.Values.domain }}", "{{- include 'x' . }}", "{{ . }}"])(
    "are told where they cannot be meant: %s",
    (host) => {
      expect(load({ "a.yaml": rule(host) }).codes).toEqual(["SL0017"]);
    },
  );

  test("are text where any text may stand, and braces are no template", () => {
    expect(load({ "a.yaml": rule("a.example", "{{ .Values.x }}", "<p>{{ .Values.x }}</p>") }).codes).toEqual(
      [],
    );
    const text = rule("a.example").replace("http: [{", "http: [{match: [{uri: {exact: '/{{id}}'}}], ");
    expect(load({ "a.yaml": text }).codes).toEqual([]);
    expect(
      load({
        "a.yaml": `${rule("a.example")}---\napiVersion: v1\nkind: ConfigMap\ndata: {a: "{{ .Values.x }}"}\n`,
      }).codes,
    ).toEqual(["SL0110"]);
  });
});
