/** Labels, annotations and other texts by keys that people choose. */
export type TextMap = Readonly<Record<string, string>>;

/** The text of a key, or undefined. A key may be called as what every object has, such as `constructor`. */
export const textOf = (texts: TextMap, key: string): string | undefined =>
  Object.hasOwn(texts, key) ? texts[key] : undefined;
