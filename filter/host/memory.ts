/**
 * All of the filter's memory. Two kinds:
 *
 * * the heap: programs, the context table, the queue of delays, the arena itself. Few, long-lived blocks, in an
 *   address-ordered free list that joins neighbours, so that a thousand reloads find the room of the one before.
 * * the arena: what the host hands over during a callback (headers) and scratch space. Reset when a callback
 *   begins; nothing in it outlives a callback.
 *
 * While a program is being configured the host's buffer comes from the heap instead, so that the program can
 * stay where the host wrote it and is never copied.
 *
 *     heap block   ┌ size (u32, header included) │ next free (u32, while free) ┬ payload … ┐   16-byte aligned
 */

/** AssemblyScript's number for "no garbage collector". */
const RUNTIME_STUB: i32 = 0;
const BLOCK_HEADER: usize = 16;
const ALIGN_MASK: usize = 15;
/** A remainder smaller than this stays with its block. */
const SPLIT_MIN: usize = 64;

let freeList: usize = 0;
/** What was never handed out yet: the rest of the module's own pages at first. */
let heapTop: usize = 0;
let heapEnd: usize = 0;

/** Bytes of wasm memory in use by blocks that are not free. */
export let heapInUse: usize = 0;
/** Blocks that were ever taken; no request takes one. */
export let heapAllocations: u32 = 0;

/** A block of at least `size` bytes, 16-byte aligned, not cleared. 0 when the memory cannot grow. */
export function heapAlloc(size: usize): usize {
  if (size > 0x3fff0000) return 0;
  // Sizes are rounded up to an eighth of their magnitude: programs that differ a little fit each other's room.
  const magnitude: usize = size < 1024 ? 1024 : (<usize>1) << (<usize>(31 - clz<u32>(<u32>size)));
  const step = (magnitude >> 3) - 1;
  const wanted = BLOCK_HEADER + ((((size + step) & ~step) + ALIGN_MASK) & ~ALIGN_MASK);

  let previous: usize = 0;
  let block = freeList;
  while (block && load<u32>(block) < <u32>wanted) {
    previous = block;
    block = load<u32>(block, 4);
  }
  if (block) {
    const have = <usize>load<u32>(block);
    let next = <usize>load<u32>(block, 4);
    if (have - wanted >= SPLIT_MIN) {
      const rest = block + wanted;
      store<u32>(rest, <u32>(have - wanted));
      store<u32>(rest, <u32>next, 4);
      store<u32>(block, <u32>wanted);
      next = rest;
    }
    if (previous) store<u32>(previous, <u32>next, 4);
    else freeList = next;
  } else {
    if (heapTop + wanted > heapEnd && !growHeap(wanted)) return 0;
    block = heapTop;
    heapTop += wanted;
    store<u32>(block, <u32>wanted);
  }
  heapInUse += load<u32>(block);
  heapAllocations++;
  return block + BLOCK_HEADER;
}

/** Makes room for a block at the end of the memory. */
function growHeap(wanted: usize): bool {
  if (!heapEnd && ASC_RUNTIME == RUNTIME_STUB) {
    // Nobody else allocates. (Unit tests run with a garbage collector, which owns the pages that are there.)
    heapTop = (__heap_base + ALIGN_MASK) & ~ALIGN_MASK;
    heapEnd = (<usize>memory.size()) << 16;
    if (heapTop + wanted <= heapEnd) return true;
  }
  const missing = wanted - (heapEnd - heapTop);
  const before = memory.grow(<i32>((missing + 0xffff) >> 16));
  if (before < 0) return false;
  const start = (<usize>before) << 16;
  const contiguous = start == heapEnd;
  heapEnd = (<usize>memory.size()) << 16;
  if (contiguous) return true;
  // Someone else grew the memory in between: begin anew behind that.
  heapTop = start;
  return wanted <= heapEnd - heapTop || growHeap(wanted);
}

/** Gives a block of `heapAlloc` back; 0 is allowed. */
export function heapFree(payload: usize): void {
  if (!payload) return;
  const block = payload - BLOCK_HEADER;
  heapInUse -= load<u32>(block);
  let previous: usize = 0;
  let next = freeList;
  while (next && next < block) {
    previous = next;
    next = load<u32>(next, 4);
  }
  let size = <usize>load<u32>(block);
  if (next && block + size == next) {
    size += load<u32>(next);
    next = load<u32>(next, 4);
  }
  let start = block;
  if (previous && previous + load<u32>(previous) == block) {
    start = previous;
    size += load<u32>(previous);
  } else if (previous) {
    store<u32>(previous, <u32>block, 4);
  } else {
    freeList = block;
  }
  store<u32>(start, <u32>size);
  store<u32>(start, <u32>next, 4);
}

const ARENA_FIRST_SIZE: usize = 64 * 1024;

let arenaStart: usize = 0;
let arenaAt: usize = 0;
let arenaEnd: usize = 0;
/** An arena that became too small in this callback: still referred to, freed at the next reset. */
let arenaOutgrown: usize = 0;

/** Forgets all that the last callback put into the arena. */
export function arenaReset(): void {
  arenaAt = arenaStart;
  if (arenaOutgrown) arenaDropOutgrown();
}

function arenaDropOutgrown(): void {
  while (arenaOutgrown) {
    const older = <usize>load<u32>(arenaOutgrown);
    heapFree(arenaOutgrown);
    arenaOutgrown = older;
  }
}

/** Scratch space until the end of this callback, 8-byte aligned, not cleared. */
export function arenaAlloc(size: usize): usize {
  const at = arenaAt;
  const end = at + ((size + 7) & ~7);
  if (end > arenaEnd || end < at) return arenaGrow(size);
  arenaAt = end;
  return at;
}

function arenaGrow(size: usize): usize {
  const have = arenaEnd - arenaStart;
  let wanted = max(have << 1, ARENA_FIRST_SIZE);
  while (wanted < size + 64) wanted <<= 1;
  const grown = heapAlloc(wanted);
  if (!grown) unreachable();
  if (arenaStart) {
    // The first word links the outgrown arenas; live data begins behind it in every arena.
    const old = arenaStart - 8;
    store<u32>(old, <u32>arenaOutgrown);
    arenaOutgrown = old;
  }
  arenaStart = grown + 8;
  arenaEnd = grown + wanted;
  arenaAt = arenaStart + ((size + 7) & ~7);
  return arenaStart;
}

let hostBuffersOnHeap: bool = false;

/** Whether buffers that the host asks for come from the heap (while configuring) or from the arena. */
export function setHostBuffersOnHeap(onHeap: bool): void {
  hostBuffersOnHeap = onHeap;
}

/** The host's allocator, exported as `malloc`. */
export function hostAlloc(size: usize): usize {
  return hostBuffersOnHeap ? heapAlloc(size) : arenaAlloc(size);
}
