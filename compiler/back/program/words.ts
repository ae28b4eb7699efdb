/** A number of 64 bits as two words, the lower one first. */
export function words64(value: bigint): [low: number, high: number] {
  return [Number(value & 0xffffffffn), Number(value >> 32n)];
}
