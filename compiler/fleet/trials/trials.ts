/** What a revision goes through before any proxy gets it: an Envoy of the server's own, cases and witnesses. */

import { loadFilter } from "../../answers/wasm-host/filter-vm.ts";
import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { ProxyOptions } from "../../options.ts";
import { filterModulePath } from "../../platform/package-root.ts";
import type { RuleSource } from "../../source/rule-source.ts";
import type { Revision } from "../revisions/revision.ts";
import type { BlamedRule } from "../rollout/state.ts";
import type { QuestionsAnswer, Trials } from "../rollouts.ts";
import { type ShadowAnswer, ShadowEnvoy } from "../shadow/shadow-envoy.ts";
import { blamedRules } from "./blame.ts";
import { failedCases } from "./cases.ts";
import { programsOf } from "./programs.ts";
import { failedWitnesses } from "./witnesses.ts";

export interface RevisionTrialsOptions {
  /** Whether an Envoy of this machine takes each revision first: one that is found as `sluice run` finds one. */
  readonly shadow: boolean;
  /** The team's cases, which are read again for each revision. */
  readonly cases?: RuleSource;
  /** Told, in a line, which Envoy was found, or why there is none. */
  readonly log: (line: string) => void;
}

/** `Fleet.create({ trials })`; whoever makes it closes it. */
export class RevisionTrials implements Trials {
  readonly #module = loadFilter(filterModulePath());
  readonly #cases: RuleSource | undefined;
  readonly #shadow: ShadowEnvoy | undefined;

  constructor({ shadow, cases, log }: RevisionTrialsOptions) {
    this.#cases = cases;
    this.#shadow = shadow ? new ShadowEnvoy({ log }) : undefined;
  }

  /** Starts the Envoy, so that the first change does not wait for it. Throws an `EnvironmentError` when it will not start. */
  async start(): Promise<void> {
    await this.#shadow?.start();
  }

  async close(): Promise<void> {
    await this.#shadow?.close();
  }

  async shadow(revision: Revision): Promise<ShadowAnswer> {
    return (await this.#shadow?.take(revision.builds.map(({ build }) => build.told))) ?? { kind: "skipped" };
  }

  async ask(from: Revision, to: Revision, claims: readonly ProxyOptions[]): Promise<QuestionsAnswer> {
    const programs = programsOf(from, to, claims, this.#module);
    if (this.#cases !== undefined) {
      const problems: string[] = [];
      const sink: DiagnosticSink = { report: ({ message }) => void problems.push(message) };
      const files = await this.#cases.read(sink);
      const failed = failedCases(files, programs);
      if (problems.length > 0 || failed !== undefined) {
        const { words = [], rules = [] } = failed ?? {};
        return { kind: "failed", gate: "cases", words: [...problems, ...words], rules };
      }
    }
    const failed = failedWitnesses(programs);
    return failed === undefined ? { kind: "passed" } : { kind: "failed", gate: "witnesses", ...failed };
  }

  blame(from: Revision | undefined, to: Revision, words: readonly string[]): readonly BlamedRule[] {
    return blamedRules(from?.snapshot.resources, to.snapshot.resources, words);
  }
}
