/**
 * Delivers to an Envoy that runs from a build directory. Each step is a generation of the whole directory, which Envoy
 * reads at once, and is taken when Envoy's statistics say so.
 *
 *     const build = await folderBuild(compilation, options, directory);
 *     await writeOutput(directory, filesOf(build));
 *     const envoy = await startEnvoy({ configPath: path.join(directory, BOOTSTRAP_FILE), … });
 *     const folder = new FolderDelivery({ directory, envoy, build });
 *     // and for each change of the rules
 *     await folder.changeTo(await folder.build(compilation, options), { drainMs, … });
 */

import { printJson } from "../../../back/xds/json.ts";
import type { Compilation } from "../../../compile.ts";
import type { ProxyOptions } from "../../../options.ts";
import { type ChangeOptions, type ChangeResult, changeTo } from "../change.ts";
import type { Answer, Delivery } from "../delivery.ts";
import type { Step } from "../steps.ts";
import { writeOutput } from "../write.ts";
import { Acknowledgement, type ObservedEnvoy } from "./acknowledgement.ts";
import { type FolderBuild, filesOf, folderBuild } from "./build.ts";

const STEP_TIMEOUT_MS = 30_000;

export interface FolderDeliveryOptions {
  /** The directory that Envoy reads from, an absolute path. */
  readonly directory: string;
  readonly envoy: ObservedEnvoy;
  /** What it was started with. */
  readonly build: FolderBuild;
  /** How long Envoy may take for one step. */
  readonly stepTimeoutMs?: number;
}

export type FolderChangeResult =
  | ChangeResult
  /** The bootstrap differs: Envoy reads it only when it starts. Nothing was done. */
  | { readonly kind: "restartNeeded" };

export class FolderDelivery implements Delivery {
  readonly #directory: string;
  readonly #envoy: ObservedEnvoy;
  readonly #stepTimeoutMs: number;
  /** What the directory held when the last change was over. */
  #current: FolderBuild;
  /** What the change under way leads to. */
  #next: FolderBuild;

  constructor({ directory, envoy, build, stepTimeoutMs = STEP_TIMEOUT_MS }: FolderDeliveryOptions) {
    this.#directory = directory;
    this.#envoy = envoy;
    this.#stepTimeoutMs = stepTimeoutMs;
    this.#current = build;
    this.#next = build;
  }

  /** A build of other rules for the same Envoy, with the module that it has already. */
  build(compilation: Compilation, options: ProxyOptions): Promise<FolderBuild> {
    return folderBuild(compilation, options, this.#directory, { module: this.#current.module });
  }

  /** Changes what Envoy has to another build, one change at a time. Throws when Envoy cannot be asked. */
  async changeTo(build: FolderBuild, options: ChangeOptions = {}): Promise<FolderChangeResult> {
    if (printJson(build.bootstrap) !== printJson(this.#current.bootstrap)) {
      return { kind: "restartNeeded" };
    }
    this.#next = build;
    const result = await changeTo(this, this.#current.resources, build.resources, options);
    if (result.kind === "reloaded") {
      this.#current = { ...build, resources: result.resources };
    }
    return result;
  }

  async take(step: Step, signal?: AbortSignal): Promise<Answer> {
    const acknowledgement = await Acknowledgement.expect(this.#envoy);
    // A step that puts the old resources back puts back what lies beside them.
    const build = step.to === this.#current.resources ? this.#current : this.#next;
    await writeOutput(this.#directory, filesOf({ ...build, resources: step.to }));
    return acknowledgement.of(step, this.#stepTimeoutMs, signal);
  }
}
