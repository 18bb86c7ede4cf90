import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import type { RunEvent } from '../../src/pipeline/events.ts';
import { ROLES } from '../../src/pipeline/jobs.ts';
import type { Attempt, JobHandlers, Queue } from '../../src/pipeline/ports.ts';

/** What sizing jobs are about. */
const RUN_1 = { runId: 'run-1', takenAt: '2026-11-23T16:00:00Z' };

export type QueueUnderTest = {
  readonly queue: Queue;
  /** Waits until no job is left that could run. */
  readonly settle: () => Promise<void>;
  /** What was observed so far. */
  readonly events: readonly RunEvent[];
  readonly dispose: () => Promise<void>;
};

/** What every queue must do. `create` gives an empty one with short waits between tries. */
export const describeQueue = (name: string, create: () => Promise<QueueUnderTest>): void => {
  describe(`queue: ${name}`, () => {
    let underTest: QueueUnderTest;
    let queue: Queue;
    let stops: (() => Promise<void>)[] = [];
    beforeEach(async () => {
      underTest = await create();
      queue = underTest.queue;
    });
    afterEach(async () => {
      await Promise.all(stops.map((stop) => stop()));
      stops = [];
      await underTest.dispose();
    });

    /** Works in all roles; every call is recorded as `name subject`, then `act` decides how it ends. */
    const workAll = async (act: (call: string, attempt: Attempt) => Promise<void> = async () => {}) => {
      const calls: string[] = [];
      const record = (call: string, attempt: Attempt = FIRST): Promise<void> => {
        calls.push(call);
        return act(call, attempt);
      };
      const handlers: JobHandlers = {
        tick: () => record('tick'),
        collect: ({ runId }, attempt) => record(`collect ${runId}`, attempt),
        seal: ({ runId }, attempt) => record(`seal ${runId}`, attempt),
        finish: ({ runId }, attempt) => record(`finish ${runId}`, attempt),
        size: ({ runId, namespace }, attempt) => record(`size ${runId} ${namespace}`, attempt),
        mail: ({ runId, deliveryId }, attempt) => record(`mail ${runId} ${deliveryId}`, attempt),
      };
      for (const role of ROLES) stops.push(await queue.work(role, handlers));
      return calls;
    };

    test('runs a collection once, however often it is added', async () => {
      const calls = await workAll();
      await Promise.all([queue.addCollect('run-1'), queue.addCollect('run-1')]);
      await underTest.settle();
      await queue.addCollect('run-1');
      await underTest.settle();
      expect(calls).toEqual(['collect run-1']);
    });

    test('sizes every namespace, then seals', async () => {
      const calls = await workAll();
      await queue.addSizing(RUN_1, ['a', 'b', 'c']);
      await underTest.settle();
      expect(calls.slice(0, 3).toSorted()).toEqual(['size run-1 a', 'size run-1 b', 'size run-1 c']);
      expect(calls.slice(3)).toEqual(['seal run-1']);
    });

    test('finishes after all mails, also when one of them fails for good', async () => {
      const calls = await workAll(async (call) => {
        if (call === 'mail run-1 d2') throw new AppError('rejected', '550 no such user');
      });
      await queue.addMails('run-1', ['d1', 'd2', 'd3']);
      await underTest.settle();
      expect(calls.slice(0, 3).toSorted()).toEqual(['mail run-1 d1', 'mail run-1 d2', 'mail run-1 d3']);
      expect(calls.slice(3)).toEqual(['finish run-1']);
    });

    test('seals a run of no namespaces and finishes one of no mails at once', async () => {
      const calls = await workAll();
      await queue.addSizing(RUN_1, []);
      await queue.addMails('run-1', []);
      await underTest.settle();
      expect(calls.toSorted()).toEqual(['finish run-1', 'seal run-1']);
    });

    test('tries sizing three times and says which try is the last, then seals all the same', async () => {
      const attempts: Attempt[] = [];
      const calls = await workAll(async (call, attempt) => {
        if (call !== 'size run-1 b') return;
        attempts.push(attempt);
        throw new AppError('unavailable', 'no answer');
      });
      await queue.addSizing(RUN_1, ['a', 'b']);
      await underTest.settle();
      expect(attempts).toEqual([
        { number: 1, retryInMs: expect.any(Number) },
        { number: 2, retryInMs: expect.any(Number) },
        { number: 3, retryInMs: null },
      ]);
      expect(calls.filter((call) => call === 'size run-1 a')).toHaveLength(1);
      expect(calls.at(-1)).toBe('seal run-1');
      expect(calls.filter((call) => call === 'seal run-1')).toHaveLength(1);
    });

    test('tries a mail five times', async () => {
      const attempts: Attempt[] = [];
      await workAll(async (call, attempt) => {
        if (call === 'finish run-1') return;
        attempts.push(attempt);
        throw new AppError('unavailable', '450 later');
      });
      await queue.addMails('run-1', ['d1']);
      await underTest.settle();
      expect(attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
      expect(attempts.map(({ retryInMs }) => retryInMs === null)).toEqual([false, false, false, false, true]);
    });

    test('tries again after an error that may pass and no more after success', async () => {
      let collected = 0;
      const calls = await workAll(async () => {
        collected += 1;
        if (collected === 1) throw new AppError('unavailable', 'no answer');
      });
      await queue.addCollect('run-1');
      await underTest.settle();
      expect(calls).toEqual(['collect run-1', 'collect run-1']);
    });

    test('takes an error that is no AppError for one that may pass', async () => {
      const calls = await workAll(async () => {
        throw new TypeError('a defect');
      });
      await queue.addCollect('run-1');
      await underTest.settle();
      expect(calls).toHaveLength(3);
    });

    test.each(['invalid', 'not_found', 'conflict', 'forbidden', 'rejected'] as const)(
      'does not try again after %s',
      async (code) => {
        const calls = await workAll(async (call) => {
          if (call === 'size run-1 a') throw new AppError(code, 'no use');
        });
        await queue.addSizing(RUN_1, ['a']);
        await underTest.settle();
        expect(calls).toEqual(['size run-1 a', 'seal run-1']);
      },
    );

    test('runs each job once when sizing is added twice at the same moment', async () => {
      const calls = await workAll();
      const namespaces = Array.from({ length: 20 }, (_, index) => `ns-${index}`);
      await Promise.all([queue.addSizing(RUN_1, namespaces), queue.addSizing(RUN_1, namespaces)]);
      await underTest.settle();
      expect(calls).toHaveLength(21);
      expect(new Set(calls).size).toBe(21);
      expect(calls.at(-1)).toBe('seal run-1');
    });

    test('adds nothing when sizing is added again after everything ended, also where a child failed', async () => {
      const calls = await workAll(async (call) => {
        if (call === 'size run-1 b') throw new AppError('rejected', 'no use');
      });
      await queue.addSizing(RUN_1, ['a', 'b']);
      await underTest.settle();
      await queue.addSizing(RUN_1, ['a', 'b']);
      await underTest.settle();
      expect(calls.toSorted()).toEqual(['seal run-1', 'size run-1 a', 'size run-1 b']);
    });

    test('adds nothing when sizing is added again from a job under way', async () => {
      const calls = await workAll(async (call) => {
        if (call !== 'seal run-1') await queue.addSizing(RUN_1, ['a', 'b']);
        if (call === 'size run-1 a') throw new AppError('rejected', 'no use');
      });
      await queue.addCollect('run-1');
      await underTest.settle();
      expect(calls.slice(0, 3).toSorted()).toEqual(['collect run-1', 'size run-1 a', 'size run-1 b']);
      expect(calls.slice(3)).toEqual(['seal run-1']);
    });

    test('seals again when a run whose seal failed for good is resumed, without sizing again', async () => {
      let isBroken = true;
      const calls = await workAll(async (call) => {
        if (call === 'seal run-1' && isBroken) throw new AppError('unavailable', 'no answer');
      });
      await queue.addSizing(RUN_1, ['a']);
      await underTest.settle();
      expect(calls).toEqual(['size run-1 a', 'seal run-1', 'seal run-1', 'seal run-1']);
      isBroken = false;
      await queue.addSizing(RUN_1, ['a']);
      await underTest.settle();
      expect(calls.slice(4)).toEqual(['seal run-1']);
    });

    test('collects again when a run whose collection failed for good is resumed, counting tries anew', async () => {
      const attempts: Attempt[] = [];
      await workAll(async (_call, attempt) => {
        attempts.push(attempt);
        if (attempts.length <= 3) throw new AppError('unavailable', 'no answer');
      });
      await queue.addCollect('run-1');
      await underTest.settle();
      await queue.addCollect('run-1');
      await underTest.settle();
      expect(attempts.map(({ number }) => number)).toEqual([1, 2, 3, 1]);
    });

    test('keeps runs apart and takes any name', async () => {
      const calls = await workAll();
      await queue.addSizing({ runId: '123', takenAt: RUN_1.takenAt }, ['a:b', '10%/x']);
      await queue.addSizing({ runId: 'send-20261123T080000Z-a', takenAt: RUN_1.takenAt }, ['123']);
      await underTest.settle();
      expect(calls.toSorted()).toEqual([
        'seal 123',
        'seal send-20261123T080000Z-a',
        'size 123 10%/x',
        'size 123 a:b',
        'size send-20261123T080000Z-a 123',
      ]);
    });

    test('keeps jobs until somebody works on them', async () => {
      await queue.addCollect('run-1');
      await underTest.settle();
      const calls = await workAll();
      await underTest.settle();
      expect(calls).toEqual(['collect run-1']);
    });

    test('takes no job after it was stopped', async () => {
      const calls = await workAll();
      await Promise.all(stops.map((stop) => stop()));
      stops = [];
      await queue.addCollect('run-1');
      const later = await workAll();
      await underTest.settle();
      expect(calls).toEqual([]);
      expect(later).toEqual(['collect run-1']);
    });

    test('observes each failed try by job, try, reason and when the next one is', async () => {
      await workAll(async () => {
        throw new AppError('unavailable', 'no answer');
      });
      await queue.addCollect('run-1');
      await underTest.settle();
      expect(underTest.events).toEqual(
        [1, 2, 3].map((attempt) => ({
          type: 'job-failed',
          job: 'collect/run-1',
          attempt,
          reason: 'no answer',
          nextTryAt: attempt < 3 ? expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) : null,
        })),
      );
    });
  });
};

const FIRST: Attempt = { number: 1, retryInMs: 60_000 };
