import { ascii } from "../host/text";
import { clientDeadline } from "./timeout";

function deadline(text: string): u64 {
  return clientDeadline(ascii(text), text.length);
}

describe("a client's deadline", () => {
  it("is told in six units, and rounded up to milliseconds", () => {
    expect(deadline("2H")).toBe(7200000);
    expect(deadline("3M")).toBe(180000);
    expect(deadline("5S")).toBe(5000);
    expect(deadline("250m")).toBe(250);
    expect(deadline("1000u")).toBe(1);
    expect(deadline("1001u")).toBe(2);
    expect(deadline("1n")).toBe(1);
    expect(deadline("99999999H")).toBe(359999996400000);
  });

  it("may have what Envoy passes over", () => {
    expect(deadline(" 00000000007 S")).toBe(7000);
    expect(deadline("+7S")).toBe(7000);
  });

  it("is none", () => {
    expect(deadline("")).toBe(0);
    expect(deadline("S")).toBe(0);
    expect(deadline("+S")).toBe(0);
    expect(deadline("0S")).toBe(0);
    expect(deadline("-1S")).toBe(0);
    expect(deadline("5")).toBe(0);
    expect(deadline("5s")).toBe(0);
    expect(deadline("1.5S")).toBe(0);
    expect(deadline("100000000S")).toBe(0);
    expect(deadline("18446744073709551617S")).toBe(0);
    expect(deadline("1S,2S")).toBe(0);
  });
});
