/**
 * The objects of a cluster as a source of rules: each is a document `kubernetes://namespace/Kind/name`, kept up to date by watches.
 * What the compiler does not read of an object changes nothing, and a change is told at once: who compiles gathers them.
 */

import { setTimeout as pause } from "node:timers/promises";
import type { Diagnostic, DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import { EnvironmentError } from "../../platform/error.ts";
import type { RuleSource, Watch } from "../../source/rule-source.ts";
import type { KubernetesClient } from "../client/kubernetes-client.ts";
import {
  byGroup,
  RESOURCE_TYPES,
  type ResourceType,
  RULE_KINDS,
  RULE_TYPES,
} from "../client/resource-types.ts";
import type { Obstacle } from "../watch/list-watch.ts";
import { Reflector } from "../watch/reflector.ts";
import { Documents } from "./documents.ts";
import { type KeptObject, keepDocument } from "./kept-object.ts";
import { withLastApplied } from "./last-applied.ts";
import { Problems } from "./problems.ts";
import { gatewaySelectors, isSelected, type SecretName, wantedSecrets } from "./secret-watches.ts";
import { servedTypes } from "./served-types.ts";

export interface KubernetesSourceOptions {
  readonly client: KubernetesClient;
  /** Whose objects are read. Default: those of all namespaces. Nodes have none. */
  readonly namespaces?: readonly string[];
  /** Which of Istio's objects are read, as of `kubectl -l`. Default: all. */
  readonly selector?: string;
  /**
   * Namespaces of proxies, where the Secrets that rules name are looked for besides the rule's own. Those of Pods that a Gateway
   * selects are found by themselves. Default: none.
   */
  readonly proxyNamespaces?: readonly string[];
  /** Told in a line, or several that belong together, of what keeps the cluster from being watched; each once until it is over. */
  readonly onProblem?: (line: string, what: Obstacle) => void;
}

/** Which object a document is of. */
export interface SourceObject {
  readonly type: ResourceType;
  /** Missing: it belongs to no namespace. */
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  readonly generation?: number;
  readonly resourceVersion: string;
}

/** A kind, and who watches it: one for each namespace. */
interface Kind {
  readonly documents: Documents;
  readonly reflectors: Reflector[];
  /** Rules mean something else without it. */
  readonly isNeeded: boolean;
}

const NAMESPACED = ["Service", "EndpointSlice", "Pod"] as const;
/** The order of the documents. */
const ORDER = [...RULE_KINDS, "ConfigMap", "Secret", "Node", ...NAMESPACED] as const;
type KindName = (typeof ORDER)[number];

const SECURITY = RESOURCE_TYPES.RequestAuthentication.group;

/** Where Istio itself is, and the ConfigMap with the settings of its mesh. */
const ISTIO_NAMESPACE = "istio-system";
const MESH_CONFIG = "istio";

/** Of all documents: some 250,000 objects, or half a million endpoints. What is made of more takes gigabytes. */
const MOST_CHARACTERS = 100_000_000;
/** A server that restarts answers again after seconds; who asks once waits for so long. */
const PATIENCE_MS = 3_000;
/** A Secret that was named a moment ago is worth waiting for: without it, the rule that names it is wrong. */
const SECRET_PATIENCE_MS = 2_000;

/** A source that holds connections, until it is closed. */
export function kubernetes(options: KubernetesSourceOptions): KubernetesSource {
  return new KubernetesSource(options);
}

export class KubernetesSource implements RuleSource {
  readonly #options: KubernetesSourceOptions;
  readonly #kinds = new Map<KindName, Kind>();
  readonly #byPath = new Map<string, { readonly documents: Documents; readonly key: string }>();
  readonly #secrets = new Map<string, Reflector>();
  #selectors: readonly Readonly<Record<string, string>>[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #problems: Problems;
  readonly #closing = new AbortController();
  #started: Promise<void> | undefined;
  #isStarted = false;
  #secretsStarted: Promise<unknown> = Promise.resolve();

  constructor(options: KubernetesSourceOptions) {
    this.#options = options;
    this.#problems = new Problems(options.onProblem ?? (() => {}));
    for (const name of ORDER) {
      this.#kinds.set(name, {
        documents: new Documents(RESOURCE_TYPES[name]),
        reflectors: [],
        isNeeded: name !== "Node" && name !== "ConfigMap",
      });
    }
  }

  /**
   * All documents, the oldest of each kind first. Waits until everything was listed; rejects when the server cannot be reached for
   * seconds. What this account may not read is an error (SL0025), since rules mean something else without it.
   */
  async read(sink: DiagnosticSink): Promise<readonly SourceFile[]> {
    await this.#known();
    const patience = new AbortController();
    await Promise.race([
      this.#secretsStarted,
      pause(SECRET_PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => {}),
    ]);
    patience.abort();
    this.#refuseTooMuch();
    for (const { documents, reflectors, isNeeded } of this.#kinds.values()) {
      const forbidden = reflectors.find(({ knowledge }) => knowledge === "forbidden");
      if (forbidden !== undefined) {
        const words = forbidden.problem ?? `${documents.type.plural} may not be read`;
        sink.report({ code: "SL0025", level: isNeeded ? "error" : "warning", message: words });
      }
    }
    return [...this.#kinds.values()].flatMap(({ documents }) => documents.files);
  }

  watch(onChange: () => void): Promise<Watch> {
    const listener = () => onChange();
    this.#listeners.add(listener);
    this.#start();
    return Promise.resolve({
      close: async () => {
        this.#listeners.delete(listener);
      },
    });
  }

  /** The object that a document is of, as it was seen last; `undefined` when it is gone, or was never there. */
  objectOf(path: string): SourceObject | undefined {
    const known = this.#byPath.get(path);
    const object = known?.documents.get(known.key)?.object;
    if (known === undefined || object === undefined) {
      return undefined;
    }
    const { name, namespace, uid, generation, resourceVersion } = object.metadata;
    return {
      type: known.documents.type,
      name,
      uid,
      resourceVersion,
      ...(namespace !== undefined && { namespace }),
      ...(generation !== undefined && { generation }),
    };
  }

  /** One object that is wrong says nothing of the others. */
  standsAlone(): boolean {
    return true;
  }

  /** Adds where the same stands in what was applied with `kubectl`. */
  explained(finding: Diagnostic): Diagnostic {
    const known = finding.span && this.#byPath.get(finding.span.file.path);
    const lastApplied = known?.documents.get(known.key)?.object.lastApplied;
    return lastApplied === undefined ? finding : withLastApplied(finding, lastApplied);
  }

  /** Ends all watches; what was read stays. The client is the caller's. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("closed"));
    this.#listeners.clear();
    await this.#started?.catch(() => {});
    const all = [
      ...[...this.#kinds.values()].flatMap(({ reflectors }) => reflectors),
      ...this.#secrets.values(),
    ];
    await Promise.all(all.map((reflector) => reflector.close()));
  }

  #refuseTooMuch(): void {
    const kinds = [...this.#kinds.values()].map(({ documents }) => documents);
    const characters = kinds.reduce((sum, one) => sum + one.characters, 0);
    if (characters > MOST_CHARACTERS) {
      const [largest] = kinds.sort((a, b) => b.characters - a.characters);
      const inMegabytes = (count: number) => `${Math.round(count / 1e6)} MB`;
      throw new EnvironmentError(
        `the cluster has ${inMegabytes(characters)} of objects to read, ${inMegabytes(largest!.characters)} of them ${largest!.type.plural}; the most is ${inMegabytes(MOST_CHARACTERS)}: choose some with --namespaces`,
      );
    }
  }

  #start(): Promise<void> {
    this.#started ??= this.#startAll();
    // Who reads is told.
    this.#started.catch(() => {});
    return this.#started;
  }

  async #startAll(): Promise<void> {
    const { client, selector } = this.#options;
    const { signal } = this.#closing;
    const started = [
      this.#follow("Node", RESOURCE_TYPES.Node, {}),
      this.#follow("ConfigMap", RESOURCE_TYPES.ConfigMap, {
        namespace: ISTIO_NAMESPACE,
        fieldSelector: `metadata.name=${MESH_CONFIG}`,
      }),
      ...NAMESPACED.flatMap((name) => this.#followAll(name, RESOURCE_TYPES[name])),
    ];
    for (const [group, types] of byGroup(RULE_TYPES)) {
      // What refuses requests is obeyed whatever labels it has.
      const labels = group === SECURITY ? undefined : selector;
      for (const type of await servedTypes(client, types, signal)) {
        const name = type.kind as KindName;
        const kind = this.#kinds.get(name)!;
        this.#kinds.set(name, { ...kind, documents: new Documents(type) });
        started.push(...this.#followAll(name, type, labels));
      }
    }
    await Promise.all(started);
    signal.throwIfAborted();
    this.#followSecrets();
    this.#isStarted = true;
    // Somebody may have been refused meanwhile.
    this.#tell();
  }

  /** Resolves when everything was listed; rejects when something has kept it from that for a while. */
  async #known(): Promise<void> {
    const started = this.#start();
    const done = new AbortController();
    const failed = async (): Promise<never> => {
      await pause(PATIENCE_MS, undefined, { signal: done.signal });
      for (;;) {
        const problem = this.#obstacle();
        if (problem !== undefined) {
          throw new EnvironmentError(problem);
        }
        await this.#problems.next();
      }
    };
    try {
      await Promise.race([started, failed()]);
    } finally {
      done.abort();
    }
  }

  /** Why a kind was never listed. */
  #obstacle(): string | undefined {
    return [...this.#kinds.values()]
      .flatMap(({ reflectors }) => reflectors)
      .find(({ knowledge, problem }) => knowledge === "nothing" && problem !== undefined)?.problem;
  }

  #followAll(name: KindName, type: ResourceType, labelSelector?: string): Promise<void>[] {
    const { namespaces } = this.#options;
    const places = namespaces === undefined ? [{}] : namespaces.map((namespace) => ({ namespace }));
    return places.map((place) =>
      this.#follow(name, type, { ...place, ...(labelSelector !== undefined && { labelSelector }) }),
    );
  }

  #follow(
    name: KindName,
    type: ResourceType,
    which: { readonly namespace?: string; readonly labelSelector?: string; readonly fieldSelector?: string },
  ): Promise<void> {
    const reflector = this.#reflector(name, type, which);
    this.#kinds.get(name)!.reflectors.push(reflector);
    return reflector.start();
  }

  #reflector(
    name: KindName,
    type: ResourceType,
    which: { readonly namespace?: string; readonly labelSelector?: string; readonly fieldSelector?: string },
  ): Reflector {
    const reflector: Reflector = new Reflector({
      client: this.#options.client,
      type,
      ...which,
      keep: keepDocument(type),
      onChange: (keys) => this.#changed(name, reflector, keys),
      onProblem: (line, what) => this.#problems.tell(reflector, line, what),
      onRecovery: () => this.#problems.over(reflector),
    });
    return reflector;
  }

  #changed(name: KindName, reflector: Reflector, keys: readonly string[]): void {
    const { documents } = this.#kinds.get(name)!;
    let isOther = false;
    for (const key of keys) {
      const object = reflector.get(key) as KeptObject | undefined;
      const before = documents.get(key);
      isOther = documents.set(key, object) || isOther;
      const now = documents.get(key);
      if (now !== undefined) {
        this.#byPath.set(now.file.path, { documents, key });
      } else if (before !== undefined) {
        this.#byPath.delete(before.file.path);
      }
      if (this.#isStarted && name === "Pod" && object !== undefined && isSelected(object, this.#selectors)) {
        this.#followSecrets();
      }
    }
    if (!isOther || !this.#isStarted) {
      return;
    }
    if (name === "Gateway" || name === "DestinationRule") {
      this.#followSecrets();
    }
    this.#tell();
  }

  #followSecrets(): void {
    const documentsOf = (name: KindName) => this.#kinds.get(name)!.documents;
    this.#selectors = gatewaySelectors(documentsOf("Gateway"));
    const wanted = wantedSecrets({
      gateways: documentsOf("Gateway"),
      destinationRules: documentsOf("DestinationRule"),
      pods: documentsOf("Pod"),
      proxyNamespaces: this.#options.proxyNamespaces ?? [],
    });
    const started: Promise<void>[] = [];
    for (const [key, secret] of wanted) {
      if (!this.#secrets.has(key) && !this.#closing.signal.aborted) {
        started.push(this.#followSecret(key, secret));
      }
    }
    for (const [key, reflector] of this.#secrets) {
      if (!wanted.has(key)) {
        this.#secrets.delete(key);
        void reflector.close();
        this.#forget(key);
      }
    }
    if (started.length > 0) {
      this.#secretsStarted = Promise.all([this.#secretsStarted, ...started]);
    }
  }

  #followSecret(key: string, { namespace, name }: SecretName): Promise<void> {
    const reflector = this.#reflector("Secret", RESOURCE_TYPES.Secret, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
    });
    this.#secrets.set(key, reflector);
    return reflector.start();
  }

  /** A Secret that no rule names any more. */
  #forget(key: string): void {
    const { documents } = this.#kinds.get("Secret")!;
    const entry = documents.get(key);
    if (entry !== undefined) {
      documents.set(key, undefined);
      this.#byPath.delete(entry.file.path);
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) {
      listener();
    }
  }
}
