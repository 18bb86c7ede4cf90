import { formatNumber } from '../../../usage/format.ts';

/** Word breaks a page, and the table with it, near 1,800 px. */
const ROWS_PER_TABLE = 45;

/** Cuts rows into tables that a page can hold; `heightOf` counts the lines of a row. */
export const cutIntoTables = <Row>(
  rows: readonly Row[],
  heightOf: (row: Row) => number,
): readonly (readonly Row[])[] => {
  const tables: Row[][] = [];
  let room = 0;
  for (const row of rows) {
    const height = heightOf(row);
    if (height > room) {
      tables.push([]);
      room = ROWS_PER_TABLE;
    }
    tables.at(-1)?.push(row);
    room -= height;
  }
  return tables;
};

/** For a caption: `, part 1 of 3`; empty where one table holds all. */
export const partOf = (index: number, tables: number): string =>
  tables === 1 ? '' : `, part ${formatNumber(index + 1)} of ${formatNumber(tables)}`;
