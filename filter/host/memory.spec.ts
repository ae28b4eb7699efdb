import {
  arenaAlloc,
  arenaReset,
  heapAlloc,
  heapFree,
  heapInUse,
  hostAlloc,
  setHostBuffersOnHeap,
} from "./memory";

describe("the heap", () => {
  it("gives aligned blocks that do not overlap", () => {
    const a = heapAlloc(100);
    const b = heapAlloc(1);
    expect(<u32>a & 15).toBe(0);
    expect(<u32>b & 15).toBe(0);
    expect(b >= a + 100).toBe(true);
    heapFree(a);
    heapFree(b);
  });

  it("takes the room of freed blocks again, joined with their neighbours", () => {
    const a = heapAlloc(5000);
    const b = heapAlloc(5000);
    const c = heapAlloc(5000);
    const guard = heapAlloc(16);
    heapFree(a);
    heapFree(c);
    heapFree(b);
    const large = heapAlloc(15000);
    expect(large <= a).toBe(true);
    heapFree(large);
    heapFree(guard);
  });

  it("stays where it is when blocks of differing size come and go", () => {
    let current = heapAlloc(100000);
    const inUse = heapInUse;
    // The old program is still there when the new one arrives.
    for (let i = 0; i < 50; i++) {
      const next = heapAlloc(100000 - i * 100);
      heapFree(current);
      current = next;
    }
    const pages = memory.size();
    for (let i = 0; i < 1000; i++) {
      const next = heapAlloc(95000 + (i % 7) * 500);
      heapFree(current);
      current = next;
    }
    expect(memory.size()).toBe(pages);
    heapFree(current);
    expect(heapInUse < inUse).toBe(true);
  });

  it("refuses what can never fit", () => {
    expect(heapAlloc(0x7fffffff)).toBe(0);
  });

  it("lets nothing be freed", () => {
    const before = heapInUse;
    heapFree(0);
    expect(heapInUse).toBe(before);
  });
});

describe("the arena", () => {
  it("begins anew at a reset", () => {
    arenaReset();
    const first = arenaAlloc(10);
    const second = arenaAlloc(10);
    expect(second).toBe(first + 16);
    arenaReset();
    expect(arenaAlloc(10)).toBe(first);
  });

  it("keeps what is in it when it grows, and gives the old room back at the reset", () => {
    arenaReset();
    const first = arenaAlloc(8);
    store<u64>(first, 0x1122334455667788);
    const large = arenaAlloc(1 << 20);
    memory.fill(large, 0xff, 1 << 20);
    expect(load<u64>(first)).toBe(0x1122334455667788);
    const inUse = heapInUse;
    arenaReset();
    arenaAlloc(8);
    expect(heapInUse < inUse).toBe(true);
  });

  it("is where the host's buffers go, but for programs", () => {
    arenaReset();
    const before = heapInUse;
    hostAlloc(100);
    expect(heapInUse).toBe(before);
    setHostBuffersOnHeap(true);
    const program = hostAlloc(100);
    setHostBuffersOnHeap(false);
    expect(heapInUse > before).toBe(true);
    heapFree(program);
  });
});
