import {
  addStream,
  findStream,
  removeStream,
  setStreamQueuePosition,
  streamQueuePosition,
  streamRoot,
} from "./streams";

describe("the table of streams", () => {
  it("finds what was added", () => {
    expect(addStream(7, 1000)).toBe(true);
    expect(<u32>streamRoot(findStream(7))).toBe(1000);
    expect(<u32>findStream(8)).toBe(0);
    removeStream(findStream(7));
    expect(<u32>findStream(7)).toBe(0);
  });

  it("keeps those behind a removed one reachable, and grows", () => {
    // Ids that collide modulo every capacity up to 4096.
    for (let i: u32 = 0; i < 600; i++) addStream(5 + i * 4096, 1 + i);
    for (let i: u32 = 0; i < 600; i += 2) removeStream(findStream(5 + i * 4096));
    let wrong = 0;
    for (let i: u32 = 0; i < 600; i++) {
      const entry = findStream(5 + i * 4096);
      if (i % 2 == 0 ? entry != 0 : !entry || <u32>streamRoot(entry) != 1 + i) wrong++;
    }
    expect(wrong).toBe(0);
    for (let i: u32 = 1; i < 600; i += 2) removeStream(findStream(5 + i * 4096));
  });

  it("remembers the place in the queue", () => {
    addStream(9, 1);
    expect(streamQueuePosition(findStream(9))).toBe(0);
    setStreamQueuePosition(findStream(9), 3);
    expect(streamQueuePosition(findStream(9))).toBe(3);
    removeStream(findStream(9));
  });
});
