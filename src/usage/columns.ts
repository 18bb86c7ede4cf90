/** A column of numbers that grows: arrays of a fixed kind have a fixed length. `make` makes one of so many zeros. */
export const grown = <Column extends Int32Array | Float64Array>(
  column: Column,
  length: number,
  make: (length: number) => Column,
): Column => {
  if (length <= column.length) return column;
  const longer = make(Math.max(length, Math.ceil(column.length * 1.5), 1024));
  longer.set(column);
  return longer;
};

export const makeInts = (length: number): Int32Array => new Int32Array(length);
export const makeDoubles = (length: number): Float64Array => new Float64Array(length);
