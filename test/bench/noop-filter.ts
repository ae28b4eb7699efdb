/**
 * A WebAssembly filter that does nothing, to be measured against: the same callbacks of the same interface as ours,
 * with nothing in them. What it costs is what Envoy asks for WebAssembly as such.
 */

import { writeFile } from "node:fs/promises";

const SOURCE = `
export function proxy_abi_version_0_2_1(): void {}
export function proxy_on_memory_allocate(size: usize): usize { return heap.alloc(size); }
export function proxy_on_vm_start(root: u32, size: u32): u32 { return 1; }
export function proxy_on_configure(root: u32, size: u32): u32 { return 1; }
export function proxy_on_context_create(context: u32, parent: u32): void {}
export function proxy_on_request_headers(context: u32, headers: u32, end: u32): u32 { return 0; }
export function proxy_on_done(context: u32): u32 { return 1; }
export function proxy_on_delete(context: u32): void {}
`;

export async function writeNoopFilter(file: string): Promise<void> {
  const { default: asc } = await import("assemblyscript/asc");
  const { binary, stderr } = await asc.compileString(SOURCE, {
    runtime: "stub",
    optimizeLevel: 3,
    use: ["abort="],
  });
  if (binary === null) {
    throw new Error(`the no-op filter does not compile: ${stderr.toString()}`);
  }
  await writeFile(file, binary);
}
