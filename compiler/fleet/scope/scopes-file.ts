/**
 * The file of `--scopes`: options of proxies that they need not claim themselves. One server then serves gateways and sidecars alike,
 * whose bootstraps say no more than who they are. What a proxy does claim wins over it.
 */

import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { inOneLine } from "../../diagnostics/render/one-line.ts";
import {
  anything,
  boolean,
  list,
  map,
  object,
  type ShapeOf,
  string,
} from "../../front/resources/schema/build.ts";
import { checkSchema } from "../../front/resources/schema/check.ts";
import { type Labels, selects } from "../../front/services/labels.ts";
import { PROXY_OPTIONS, type ProxyOptions } from "../../options.ts";
import { parseWhole } from "../../source/parse.ts";
import { isAdmitted } from "../identity/pattern.ts";
import type { ProxyNode } from "../model/node.ts";

/** What differs from the server's own options for the proxies that it selects. */
export interface ScopeEntry {
  /** `*` stands for any characters. Absent: any. */
  readonly ids?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly labels?: Labels;
  readonly options: Partial<ProxyOptions>;
}

export type ScopesResult =
  | { readonly entries: readonly ScopeEntry[] }
  | { readonly problems: readonly string[] };

const texts = list(string, { minItems: 1 });

export const scopesSchema = object(
  {
    scopes: list(
      object(
        {
          ids: texts,
          namespaces: texts,
          labels: map(string),
          options: object({
            target: string,
            listenAddress: string,
            portMap: map(anything),
            meshPort: anything,
            meshListeners: boolean,
            pathNormalization: string,
            outboundPolicy: string,
            secretsDirectory: string,
            identityDirectory: string,
          }),
        },
        { required: ["options"] },
      ),
    ),
  },
  { required: ["scopes"] },
);

type Given = ShapeOf<typeof scopesSchema>["scopes"][number]["options"];

/** Reads a scopes file. */
export function readScopes(file: string, text: string): ScopesResult {
  const found: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => void found.push(diagnostic) };
  const entries: ScopeEntry[] = [];
  for (const document of parseWhole({ path: file, text }, sink)) {
    if (!checkSchema(scopesSchema, "the file", document.value, document, [], sink)) {
      continue;
    }
    const { scopes } = document.value as ShapeOf<typeof scopesSchema>;
    for (const [index, { options, ...selector }] of scopes.entries()) {
      const fail = (name: string, message: string) =>
        sink.report({
          code: "SL0105",
          level: "error",
          message: `${name}: ${message}`,
          span: document.spanOf(["scopes", index, "options", name]),
        });
      entries.push({ ...selector, options: readOptions(options, fail) } as ScopeEntry);
    }
  }
  const errors = found.filter(({ level }) => level === "error");
  return errors.length > 0 ? { problems: errors.map(inOneLine) } : { entries };
}

/** The options of a proxy before its claims: those of the first entry that selects it, over the server's own. */
export function optionsBeforeClaims(
  { id, namespace, labels }: ProxyNode,
  entries: readonly ScopeEntry[],
  defaults: ProxyOptions,
): ProxyOptions {
  const own = entries.find(
    (entry) =>
      isAdmitted(entry.ids ?? ["*"], id) &&
      isAdmitted(entry.namespaces ?? ["*"], namespace ?? defaults.proxyNamespace) &&
      selects(entry.labels ?? {}, labels ?? defaults.proxyLabels),
  );
  return own === undefined ? defaults : { ...defaults, ...own.options };
}

class Refused extends Error {}

/** Each is read as its flag would be. */
function readOptions(given: Given, fail: (name: string, message: string) => void): Partial<ProxyOptions> {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const { kind } = PROXY_OPTIONS[name as keyof Given];
    const read = kind.read as (given: unknown, fail: (message: string) => never) => unknown;
    try {
      options[name] = read(asGiven(kind.form, value), (message) => {
        throw new Refused(message);
      });
    } catch (error) {
      if (!(error instanceof Refused)) {
        throw error;
      }
      fail(name, error.message);
    }
  }
  return options;
}

function asGiven(form: string, value: unknown): unknown {
  if (form === "pairs") {
    return Object.entries(value as object).map(([from, to]) => `${from}=${String(to)}`);
  }
  return form === "flag" ? value : String(value);
}
