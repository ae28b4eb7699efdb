/** Which commit a pull request's rules are compared with, and the rules as they stand there. */

import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { PullRequest } from "./event.ts";
import { ActionError } from "./failure.ts";

export class Repository {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The commit of `reference`, or the base of the pull request; fetched where the checkout does not have it. */
  async base(
    reference: string | undefined,
    pullRequest: PullRequest | undefined,
  ): Promise<string | undefined> {
    if (reference !== undefined) {
      return (
        (await this.#commit(reference)) ??
        (await this.#commit(`origin/${reference}`)) ??
        (await this.#fetch(reference))
      );
    }
    if (pullRequest === undefined) {
      return undefined;
    }
    const { headSha, baseSha } = pullRequest;
    // What is checked out for a pull request is its merge into the base as it is now: against the commit that the pull
    // request began with, what others changed meanwhile would show as a change of this one.
    const parents = await this.#parents();
    if (parents.length === 2 && parents[1] === headSha) {
      return this.#present(parents[0]!);
    }
    await this.#present(baseSha);
    return (await this.#git(["merge-base", baseSha, "HEAD"])).out || baseSha;
  }

  /** Writes what `commit` has at `paths` below `folder`. */
  async extract(commit: string, paths: readonly string[], folder: string): Promise<void> {
    await mkdir(folder);
    // Of rules that are new there was nothing before; and a folder without any file is an error to Sluice.
    await writeFile(path.join(folder, "none.yaml"), "");
    const known: string[] = [];
    for (const one of paths) {
      const { ok } = await this.#git(["cat-file", "-e", `${commit}:${asGitPath(one)}`]);
      if (ok) {
        known.push(one);
      }
    }
    if (known.length === 0) {
      return;
    }
    const env = { GIT_INDEX_FILE: `${folder}.index`, GIT_LITERAL_PATHSPECS: "1" };
    const args = [`--work-tree=${folder}`, "checkout", "--quiet", commit, "--", ...known];
    const { ok, err } = await this.#git(args, env);
    if (!ok) {
      throw new ActionError(`the rules at ${commit} cannot be read: ${lastLine(err)}`);
    }
  }

  async #commit(reference: string): Promise<string | undefined> {
    const { ok, out } = await this.#git(["rev-parse", "--verify", "--quiet", `${reference}^{commit}`]);
    return ok ? out : undefined;
  }

  async #present(commit: string): Promise<string> {
    return (await this.#commit(commit)) ?? (await this.#fetch(commit));
  }

  async #fetch(reference: string): Promise<string> {
    // In a whole clone a depth would cut off what is there.
    const shallow = (await this.#git(["rev-parse", "--is-shallow-repository"])).out === "true";
    const depth = shallow ? ["--depth=1"] : [];
    const { ok, err } = await this.#git(["fetch", "--quiet", "--no-tags", ...depth, "origin", reference]);
    const commit = ok ? await this.#commit("FETCH_HEAD") : undefined;
    if (commit === undefined) {
      throw new ActionError(
        `the base ${reference} is not in this checkout and cannot be fetched: ${lastLine(err)}\n` +
          "Check out with actions/checkout and fetch-depth: 0.",
      );
    }
    return commit;
  }

  /** Also those that a shallow clone does not have. */
  async #parents(): Promise<string[]> {
    const { ok, out, err } = await this.#git(["cat-file", "commit", "HEAD"]);
    if (!ok) {
      throw new ActionError(
        `nothing to compare with: ${lastLine(err)}\nCheck out with actions/checkout before this action.`,
      );
    }
    const head = out.split("\n\n")[0]!;
    return [...head.matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, parent]) => parent!);
  }

  #git(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    // In a container the checkout is another user's; and no hook of anybody shall run here.
    const config = [
      "-c",
      `safe.directory=${this.#folder}`,
      "-c",
      `core.hooksPath=${path.join(this.#folder, ".git/none")}`,
    ];
    return new Promise<{ ok: boolean; out: string; err: string }>((resolve) => {
      execFile(
        "git",
        [...config, ...args],
        { cwd: this.#folder, env: { ...process.env, GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", ...env } },
        (error, out, err) =>
          resolve({ ok: error === null, out: out.trim(), err: err.trim() || error?.message || "" }),
      );
    });
  }
}

function asGitPath(name: string): string {
  const path = name.replaceAll("\\", "/").replace(/^\.\//, "");
  return path === "." ? "" : path;
}

function lastLine(text: string): string {
  return text.split("\n").at(-1)!;
}
