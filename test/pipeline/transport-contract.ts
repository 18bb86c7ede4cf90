import { describe, expect, test } from 'vitest';
import type { OutgoingMessage, Transport } from '../../src/pipeline/ports.ts';

/** A transport under test and the mail server behind it. */
export type TransportHarness = AsyncDisposable & {
  readonly transport: Transport;
  /** Messages that the server has taken so far, as text. */
  readonly received: () => readonly string[];
};

/**
 * What every `Transport` does. `start` answers recipients by `refuse`: a reply such as `550 no such user`, or null to
 * take the message.
 */
export const describeTransport = (
  name: string,
  start: (refuse: (address: string) => string | null) => Promise<TransportHarness>,
): void => {
  describe(`${name} as a transport`, () => {
    test('hands over the message as it is and says what the server answered', async () => {
      await using harness = await start(() => null);
      const outcome = await harness.transport.send(message('mira@example.com', 'the figures'), started);
      expect(outcome.outcome).toBe('submitted');
      expect(outcome.detail).not.toBe('');
      expect(harness.received()).toEqual(['Subject: the figures\r\n\r\nthe figures\r\n']);
    });

    test('runs onStart once, before anything of the message has left', async () => {
      await using harness = await start(() => null);
      const seen: number[] = [];
      await harness.transport.send(message('mira@example.com', 'one'), () => {
        seen.push(harness.received().length);
        return Promise.resolve();
      });
      expect(seen).toEqual([0]);
      expect(harness.received()).toHaveLength(1);
    });

    test('sends nothing when onStart throws, and asks for another try', async () => {
      await using harness = await start(() => null);
      const outcome = await harness.transport.send(message('mira@example.com', 'never'), () =>
        Promise.reject(new Error('the record could not be written')),
      );
      expect(outcome.outcome).toBe('retry');
      expect((await harness.transport.send(message('mira@example.com', 'next'), started)).outcome).toBe(
        'submitted',
      );
      expect(harness.received()).toEqual(['Subject: next\r\n\r\nnext\r\n']);
    });

    test.each([
      ['550 no such user', 'failed'],
      ['450 mailbox busy', 'retry'],
    ])('turns the answer "%s" to the recipient into %s, before onStart', async (answer, expected) => {
      await using harness = await start((address) => (address === 'nobody@example.com' ? answer : null));
      let starts = 0;
      const outcome = await harness.transport.send(message('nobody@example.com', 'lost'), () => {
        starts += 1;
        return Promise.resolve();
      });
      expect(outcome.outcome).toBe(expected);
      expect(starts).toBe(0);
      expect((await harness.transport.send(message('mira@example.com', 'next'), started)).outcome).toBe(
        'submitted',
      );
      expect(harness.received()).toEqual(['Subject: next\r\n\r\nnext\r\n']);
    });

    test('sends several at once, each once', async () => {
      await using harness = await start(() => null);
      const texts = ['a', 'b', 'c', 'd'];
      const outcomes = await Promise.all(
        texts.map((text) => harness.transport.send(message('mira@example.com', text), started)),
      );
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(texts.map(() => 'submitted'));
      expect(harness.received().toSorted()).toEqual(
        texts.map((text) => `Subject: ${text}\r\n\r\n${text}\r\n`),
      );
    });

    test('verifies a server that is there', async () => {
      await using harness = await start(() => null);
      await expect(harness.transport.verify()).resolves.toBeUndefined();
    });
  });
};

const started = (): Promise<void> => Promise.resolve();

const message = (to: string, text: string): OutgoingMessage => ({
  envelope: { from: 'registry@example.com', to },
  bytes: new TextEncoder().encode(`Subject: ${text}\r\n\r\n${text}\r\n`),
});
