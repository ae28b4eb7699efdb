/**
 * A WebAssembly filter that does nothing, to be measured against: the same callbacks of the same interface as ours,
 * with nothing in them. What it costs is what Envoy asks for WebAssembly as such.
 */

import { writeFile } from "node:fs/promises";
import path from "node:path";
import { runCommand } from "../../compiler/runtime/command.ts";
import { packageRoot } from "../../compiler/runtime/index.ts";

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

/** Compiled by a process of its own: the compiler, once loaded, takes hold of a process's uncaught exceptions. */
export async function writeNoopFilter(file: string): Promise<void> {
  const source = `${file}.ts`;
  await writeFile(source, SOURCE);
  const asc = path.join(packageRoot().directory, "node_modules", "assemblyscript", "bin", "asc.js");
  const args = [asc, source, "--outFile", file, "--runtime", "stub", "-O3", "--use", "abort="];
  const { code, stderr } = await runCommand(process.execPath, args);
  if (code !== 0) {
    throw new Error(`the no-op filter does not compile: ${stderr}`);
  }
}
