/** Which rows of a long list are in sight. Pure: sizes go in, indices come out. */

/** Where each row begins, and at the end where the list ends. */
export function offsetsOf<T>(rows: readonly T[], heightOf: (row: T) => number): Float64Array {
  const offsets = new Float64Array(rows.length + 1);
  rows.forEach((row, index) => {
    offsets[index + 1] = offsets[index]! + heightOf(row);
  });
  return offsets;
}

/** The rows from `from` to before `to` that meet `height` pixels from `top`, and `beyond` pixels before and after them. */
export function rowsInSight(
  offsets: Float64Array,
  top: number,
  height: number,
  beyond: number,
): { readonly from: number; readonly to: number } {
  const rows = offsets.length - 1;
  const from = Math.min(Math.max(indexAt(offsets, top - beyond), 0), rows);
  const to = Math.min(indexAt(offsets, top + height + beyond) + 1, rows);
  return { from, to: Math.max(from, to) };
}

/** The row that covers a position: the last one that begins at or before it; -1 before the first. */
function indexAt(offsets: Float64Array, position: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (offsets[middle]! <= position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

/** Where to scroll so that a row is in sight; `undefined`: it is. */
export function scrollTo(
  offsets: Float64Array,
  index: number,
  top: number,
  height: number,
): number | undefined {
  const begins = offsets[index]!;
  const ends = offsets[index + 1]!;
  if (begins < top) {
    return begins;
  }
  return ends > top + height ? Math.min(begins, ends - height) : undefined;
}
