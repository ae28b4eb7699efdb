import { addRoot, findRoot } from "./contexts/roots";
import { addStream, findStream, removeStream, streamQueuePosition } from "./contexts/streams";
import { dueDrawn, dueRoute, forget, nextDue, wait } from "./delays";

function leave(stream: u32): void {
  forget(streamQueuePosition(findStream(stream)));
}

describe("the queue of delays", () => {
  it("gives the earliest first, whatever the order they came in", () => {
    addRoot(1);
    const root = findRoot(1);
    // Each look at the clock moves it by 1 ms in these tests.
    for (let i: u32 = 0; i < 100; i++) {
      const stream = 100 + i;
      addStream(stream, root);
      expect(wait(stream, root, stream, 7, 1000 + ((i * 37) % 100) * 200)).toBe(true);
    }
    expect(nextDue(0)).toBe(0);
    let last: u32 = 0;
    let ordered = 0;
    for (let i = 0; i < 100; i++) {
      const stream = nextDue(u64.MAX_VALUE);
      const delay = ((stream - 100) * 37) % 100;
      if (delay >= last && dueRoute == stream && dueDrawn == 7) ordered++;
      last = delay;
      leave(stream);
    }
    expect(ordered).toBe(100);
    expect(nextDue(u64.MAX_VALUE)).toBe(0);
    for (let i: u32 = 0; i < 100; i++) removeStream(findStream(100 + i));
  });

  it("forgets a client that is gone", () => {
    const root = findRoot(1);
    for (let stream: u32 = 1; stream <= 3; stream++) {
      addStream(stream, root);
      wait(stream, root, 0, 0, stream * 100);
    }
    leave(1);
    expect(nextDue(u64.MAX_VALUE)).toBe(2);
    leave(3);
    leave(2);
    expect(nextDue(u64.MAX_VALUE)).toBe(0);
    for (let stream: u32 = 1; stream <= 3; stream++) removeStream(findStream(stream));
  });
});
