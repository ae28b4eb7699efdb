/** What the VMs of one host have in common, as proxy-wasm has it: texts under names, each with a version. */
export class SharedData {
  readonly #values = new Map<string, { readonly value: Uint8Array; readonly version: number }>();
  #version = 0;

  /** How many names there are, and the bytes of all that stands under them. */
  get size(): { readonly names: number; readonly bytes: number } {
    const values = [...this.#values.values()];
    return { names: values.length, bytes: values.reduce((sum, { value }) => sum + value.length, 0) };
  }

  read(name: Uint8Array): { readonly value: Uint8Array; readonly version: number } | undefined {
    return this.#values.get(keyOf(name));
  }

  /** False where something of another version stands there. Version 0 is any. */
  write(name: Uint8Array, value: Uint8Array, version: number): boolean {
    const key = keyOf(name);
    const before = this.#values.get(key);
    if (before !== undefined && version !== 0 && before.version !== version) {
      return false;
    }
    this.#values.set(key, { value: value.slice(), version: ++this.#version });
    return true;
  }
}

function keyOf(name: Uint8Array): string {
  return Buffer.from(name).toString("latin1");
}
