import { describe, expect, test } from 'vitest';
import { createReadAhead } from '../../../../src/adapters/openshift/lists/read-ahead.ts';

/** Pages that are answered by hand, as a slow server would: what was asked for, in this order. */
const askByHand = () => {
  const asked: string[] = [];
  const tell = new Map<string, (next: string) => void>();
  const answer = new Map<string, (page: string) => void>();
  const fail = new Map<string, (error: Error) => void>();
  const read = createReadAhead<string>((token, tellNext) => {
    asked.push(token);
    tell.set(token, tellNext);
    return new Promise((resolve, reject) => {
      answer.set(token, resolve);
      fail.set(token, reject);
    });
  });
  return {
    asked,
    read,
    tellNext: (token: string, next: string) => tell.get(token)?.(next),
    answer: (token: string) => answer.get(token)?.(`page ${token}`),
    fail: (token: string) => fail.get(token)?.(new Error(`no page ${token}`)),
  };
};

describe('the page after the one that is waited for', () => {
  test('is asked for as soon as its token is known, and only once', async () => {
    const { asked, read, tellNext, answer } = askByHand();
    const first = read('');
    expect(asked).toEqual(['']);
    tellNext('', 'b');
    expect(asked).toEqual(['', 'b']);
    answer('');
    expect(await first).toBe('page ');
    const second = read('b');
    answer('b');
    expect(await second).toBe('page b');
    expect(asked).toEqual(['', 'b']);
  });

  test('is the only one ahead: the one after it waits until it is waited for itself', async () => {
    const { asked, read, tellNext, answer } = askByHand();
    const first = read('');
    tellNext('', 'b');
    tellNext('b', 'c');
    answer('b');
    expect(asked).toEqual(['', 'b']);
    answer('');
    await first;
    expect(asked).toEqual(['', 'b']);
    await read('b');
    expect(asked).toEqual(['', 'b', 'c']);
  });

  test('is not asked for after the last page', async () => {
    const { asked, read, tellNext, answer } = askByHand();
    const only = read('');
    tellNext('', '');
    answer('');
    await only;
    expect(asked).toEqual(['']);
  });

  test('is asked for when it is waited for where its token was not told before', async () => {
    const { asked, read, answer } = askByHand();
    const first = read('');
    answer('');
    await first;
    void read('b');
    expect(asked).toEqual(['', 'b']);
  });

  test('may fail, which only who waits for it hears of', async () => {
    const { read, tellNext, answer, fail } = askByHand();
    const first = read('');
    tellNext('', 'b');
    fail('b');
    answer('');
    expect(await first).toBe('page ');
    await expect(read('b')).rejects.toThrow('no page b');
  });

  test('is asked for anew where a list is read from its start again', async () => {
    const { asked, read, tellNext, answer } = askByHand();
    for (const next of ['b', 'x']) {
      const start = read('');
      tellNext('', next);
      answer('');
      await start;
    }
    expect(asked).toEqual(['', 'b', '', 'x']);
  });

  test('may be the same one: a token that is repeated asks for nothing more', async () => {
    const { asked, read, tellNext, answer } = askByHand();
    const page = read('b');
    tellNext('b', 'b');
    answer('b');
    await page;
    expect(asked).toEqual(['b']);
  });
});
