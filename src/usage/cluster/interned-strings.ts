import type { ImageReference } from '../model.ts';

/** Numbers strings from 0, so that equal ones are kept in memory once. */
export type InternedStrings = {
  readonly numberOf: (text: string) => number;
  /**
   * The same string as it was first given. A string that was cut out of a longer one keeps the longer one in memory; here
   * it gives way to one that is known already.
   */
  readonly intern: (text: string) => string;
  readonly internReference: (reference: ImageReference) => ImageReference;
  /** All strings by number. */
  readonly strings: readonly string[];
};

export const createInternedStrings = (): InternedStrings => {
  const numbers = new Map<string, number>();
  const strings: string[] = [];

  const numberOf = (text: string): number => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, strings.length);
    return strings.push(text) - 1;
  };

  const intern = (text: string): string => strings[numberOf(text)] ?? text;

  const internReference = (reference: ImageReference): ImageReference => {
    switch (reference.type) {
      case 'pullSpec':
        return { type: 'pullSpec', spec: intern(reference.spec) };
      case 'digest':
        return { type: 'digest', digest: intern(reference.digest) };
      case 'tag':
        return {
          type: 'tag',
          namespace: intern(reference.namespace),
          stream: intern(reference.stream),
          tag: intern(reference.tag),
        };
    }
  };

  return { numberOf, intern, internReference, strings };
};
