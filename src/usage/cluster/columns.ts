type Column = Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** A column of so many bytes is large. */
const LARGE_BYTES = 2 ** 20;
/** Address space, not memory: a large column grows within it where it is, because moving it would leave holes behind. */
const RESERVED_BYTES = 2 ** 30;

/** A column that grows: arrays of a fixed kind have a fixed length. What is new is 0. `make` makes one over a buffer. */
export const grown = <Kind extends Column>(
  column: Kind,
  length: number,
  make: (buffer: ArrayBuffer) => Kind,
): Kind => {
  if (length <= column.length) return column;
  const bytes = Math.max(length, Math.ceil(column.length * 1.25), 128) * column.BYTES_PER_ELEMENT;
  const { buffer } = column;
  if (buffer.resizable && bytes <= buffer.maxByteLength) {
    buffer.resize(bytes);
    return column;
  }
  const longer = make(bytes < LARGE_BYTES ? new ArrayBuffer(bytes) : reserve(bytes));
  longer.set(column);
  return longer;
};

/** Where address space is short (`ulimit -v`) it is moved after all. */
const reserve = (bytes: number): ArrayBuffer => {
  try {
    return new ArrayBuffer(bytes, { maxByteLength: Math.max(RESERVED_BYTES, 2 * bytes) });
  } catch {
    return new ArrayBuffer(bytes);
  }
};

/** A column of so many zeros, or over a buffer. */
export const makeInts = (content: number | ArrayBuffer): Int32Array<ArrayBuffer> =>
  typeof content === 'number' ? new Int32Array(content) : new Int32Array(content);
export const makeDoubles = (content: number | ArrayBuffer): Float64Array<ArrayBuffer> =>
  typeof content === 'number' ? new Float64Array(content) : new Float64Array(content);
