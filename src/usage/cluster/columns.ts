type Numbers = Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Numbers in a typed array that grows at its end. */
export type Column<Kind extends Numbers> = {
  readonly push: (value: number) => void;
  readonly at: (position: number) => number;
  readonly count: () => number;
  /** All of them, as a view that later numbers are not part of. */
  readonly view: () => Kind;
};

export const createIntColumn = (): Column<Int32Array<ArrayBuffer>> =>
  createColumn(new Int32Array(0), makeInts);

export const createDoubleColumn = (): Column<Float64Array<ArrayBuffer>> =>
  createColumn(new Float64Array(0), makeDoubles);

const createColumn = <Kind extends Numbers>(
  empty: Kind,
  make: (buffer: ArrayBuffer, count?: number) => Kind,
): Column<Kind> => {
  let numbers = empty;
  let count = 0;
  return {
    push: (value) => {
      numbers = grown(numbers, count + 1, make);
      numbers[count++] = value;
    },
    at: (position) => numbers[position] ?? 0,
    count: () => count,
    view: () => make(numbers.buffer, count),
  };
};

/** An array above this size counts as large. */
const LARGE_BYTES = 2 ** 20;
/** Address space, not memory: a large array grows in place within it, where moving it would leave holes in memory. */
const RESERVED_BYTES = 2 ** 30;

/** The same numbers with room for at least `length`; what is new is 0. `make` makes an array over a buffer. */
export const grown = <Kind extends Numbers>(
  numbers: Kind,
  length: number,
  make: (buffer: ArrayBuffer) => Kind,
): Kind => {
  if (length <= numbers.length) return numbers;
  const bytes = Math.max(length, Math.ceil(numbers.length * 1.25), 128) * numbers.BYTES_PER_ELEMENT;
  const { buffer } = numbers;
  if (buffer.resizable && bytes <= buffer.maxByteLength) {
    buffer.resize(bytes);
    return numbers;
  }
  const longer = make(bytes < LARGE_BYTES ? new ArrayBuffer(bytes) : reserve(bytes));
  longer.set(numbers);
  return longer;
};

/** Where address space is short (`ulimit -v`), the array is moved after all when it outgrows its buffer. */
const reserve = (bytes: number): ArrayBuffer => {
  try {
    return new ArrayBuffer(bytes, { maxByteLength: Math.max(RESERVED_BYTES, 2 * bytes) });
  } catch {
    return new ArrayBuffer(bytes);
  }
};

/** An array over a buffer, or over its beginning. */
export const makeInts = (buffer: ArrayBuffer, count?: number): Int32Array<ArrayBuffer> =>
  count === undefined ? new Int32Array(buffer) : new Int32Array(buffer, 0, count);
const makeDoubles = (buffer: ArrayBuffer, count?: number): Float64Array<ArrayBuffer> =>
  count === undefined ? new Float64Array(buffer) : new Float64Array(buffer, 0, count);
