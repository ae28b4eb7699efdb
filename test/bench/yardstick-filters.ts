/**
 * Two WebAssembly filters to be measured against, compiled as ours is.
 *
 *     noop    the callbacks that every filter made with an SDK has, with nothing in them: what Envoy asks for WebAssembly
 *             as such (ours does without one of them, `proxy_on_done`)
 *     fixed   reads all headers with one call and names one cluster, always the same: the least that any filter which
 *             routes by headers can do
 */

import { writeFile } from "node:fs/promises";
import path from "node:path";
import { packageRoot } from "../../compiler/platform/package-root.ts";
import { runCommand } from "../../compiler/run/envoy/command.ts";

const FRAME = `
export function proxy_abi_version_0_2_1(): void {}
export function proxy_on_vm_start(root: u32, size: u32): u32 { return 1; }
export function proxy_on_configure(root: u32, size: u32): u32 { return 1; }
export function proxy_on_context_create(context: u32, parent: u32): void {}
export function proxy_on_done(context: u32): u32 { return 1; }
export function proxy_on_delete(context: u32): void {}
`;

const NOOP = `${FRAME}
export function proxy_on_memory_allocate(size: usize): usize { return heap.alloc(size); }
export function proxy_on_request_headers(context: u32, headers: u32, end: u32): u32 { return 0; }
`;

/** The buffer that takes the headers is used again by each request: nothing is allocated. */
const fixed = (header: string, cluster: string) => `${FRAME}
@external("env", "proxy_get_header_map_pairs")
declare function pairs(map: i32, data: usize, size: usize): u32;
@external("env", "proxy_add_header_map_value")
declare function add(map: i32, key: usize, keySize: usize, value: usize, valueSize: usize): u32;
const buffer = memory.data(131072, 8);
const result = memory.data(8, 8);
const header = String.UTF8.encode("${header}");
const cluster = String.UTF8.encode("${cluster}");
export function proxy_on_memory_allocate(size: usize): usize { return size <= 131072 ? buffer : 0; }
export function proxy_on_request_headers(context: u32, headers: u32, end: u32): u32 {
  if (pairs(0, result, result + 4)) return 0;
  if (load<u32>(load<u32>(result)) == 0) return 0;
  add(0, changetype<usize>(header), header.byteLength, changetype<usize>(cluster), cluster.byteLength);
  return 0;
}
`;

/** Writes the filter that does nothing. */
export async function writeNoopFilter(file: string): Promise<void> {
  await compileFilter(file, NOOP);
}

/** Writes the filter that gives every request the same header. */
export async function writeFixedFilter(file: string, header: string, value: string): Promise<void> {
  await compileFilter(file, fixed(header, value));
}

/** Compiled by a process of its own: the compiler, once loaded, takes hold of a process's uncaught exceptions. */
async function compileFilter(file: string, text: string): Promise<void> {
  await writeFile(`${file}.ts`, text);
  const asc = path.join(packageRoot().directory, "node_modules", "assemblyscript", "bin", "asc.js");
  // In a folder without the project's own configuration, which would make our filter a part of it.
  const name = path.basename(file);
  const at = ["--baseDir", path.dirname(file)];
  const args = [asc, `${name}.ts`, ...at, "--outFile", name, "--runtime", "stub", "-O3", "--use", "abort="];
  const { code, stderr } = await runCommand(process.execPath, args);
  if (code !== 0) {
    throw new Error(`${name} does not compile: ${stderr}`);
  }
}
