import type { ImageReference } from '../model.ts';

/** Numbers texts from 0 on, so that equal ones are kept in memory once. */
export type Texts = {
  readonly numberOf: (text: string) => number;
  readonly textOf: (number: number) => string;
  /**
   * The same text as it was first given. One that was sliced out of a longer one, which it would keep in memory, gives way
   * to one that is known already.
   */
  readonly share: (text: string) => string;
  readonly shareReference: (reference: ImageReference) => ImageReference;
  /** How many have a number by now. */
  readonly count: () => number;
};

export const createTexts = (): Texts => {
  const numbers = new Map<string, number>();
  const texts: string[] = [];

  const numberOf = (text: string): number => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, texts.length);
    return texts.push(text) - 1;
  };

  const textOf = (number: number): string => texts[number] ?? '';

  const share = (text: string): string => textOf(numberOf(text));

  const shareReference = (reference: ImageReference): ImageReference => {
    switch (reference.type) {
      case 'pullSpec':
        return { type: 'pullSpec', spec: share(reference.spec) };
      case 'digest':
        return { type: 'digest', digest: share(reference.digest) };
      case 'tag':
        return {
          type: 'tag',
          namespace: share(reference.namespace),
          stream: share(reference.stream),
          tag: share(reference.tag),
        };
    }
  };

  return { numberOf, textOf, share, shareReference, count: () => texts.length };
};
