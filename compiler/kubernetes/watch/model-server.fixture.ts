/** A kind as an API server has it: versions, a history that is cut off now and then, lists in pages, watches from a version. */

import { ApiError } from "../client/api-error.ts";
import type { KubernetesObject } from "../client/kubernetes-object.ts";
import type { Page, WatchEvent } from "./list-watch.ts";

interface Written {
  readonly version: number;
  readonly event: WatchEvent;
}

export class ModelServer {
  #version = 10;
  #oldest = 10;
  #history: Written[] = [];
  readonly #objects = new Map<string, KubernetesObject>();
  /** What each list that is being read began with. */
  readonly #snapshots = new Map<string, { version: number; items: KubernetesObject[] }>();
  lists = 0;

  get objects(): ReadonlyMap<string, KubernetesObject> {
    return this.#objects;
  }

  get version(): number {
    return this.#version;
  }

  write(name: string): void {
    const type = this.#objects.has(`x/${name}`) ? "MODIFIED" : "ADDED";
    const object = this.#made(name);
    this.#objects.set(`x/${name}`, object);
    this.#history.push({ version: this.#version, event: { type, object } });
  }

  remove(name: string): void {
    if (this.#objects.delete(`x/${name}`)) {
      this.#history.push({
        version: this.#version + 1,
        event: { type: "DELETED", object: this.#made(name) },
      });
    }
  }

  /** What happened up to now can be asked for no more, and lists that are being read not be read on. */
  forget(): void {
    this.#oldest = this.#version;
    this.#history = [];
    this.#snapshots.clear();
  }

  list(limit: number, continueFrom: string | undefined): Page {
    if (continueFrom === undefined) {
      this.lists += 1;
    }
    const [id = "", offset = "0"] = continueFrom?.split("/") ?? [];
    const snapshot =
      continueFrom === undefined
        ? { version: this.#version, items: [...this.#objects.values()] }
        : this.#snapshots.get(id);
    if (snapshot === undefined) {
      throw expired();
    }
    const end = Number(offset) + limit;
    const next = `${snapshot.version}/${end}`;
    this.#snapshots.set(String(snapshot.version), snapshot);
    return {
      items: snapshot.items.slice(Number(offset), end),
      resourceVersion: String(snapshot.version),
      ...(end < snapshot.items.length && { continueFrom: next }),
    };
  }

  /** What happened after a version. */
  since(version: string): Written[] {
    if (Number(version) < this.#oldest) {
      throw expired();
    }
    return this.#history.filter((written) => written.version > Number(version));
  }

  /** Whether nothing that is remembered, or was forgotten, happened after a version. */
  hasAll(version: string): boolean {
    return Number(version) >= this.#oldest && this.since(version).length === 0;
  }

  #made(name: string): KubernetesObject {
    this.#version += 1;
    return {
      metadata: { name, namespace: "x", uid: `uid-of-${name}`, resourceVersion: String(this.#version) },
    };
  }
}

export function expired(): ApiError {
  return new ApiError(410, "too old resource version", { reason: "Expired" });
}
