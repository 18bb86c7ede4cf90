import { describe, expect, test } from 'vitest';
import {
  cronFault,
  latestSlot,
  manualSlot,
  slotDue,
  timeZoneFault,
} from '../../../src/pipeline/runs/schedule.ts';

const vancouver = { cron: '0 8 * * 1', timeZone: 'America/Vancouver' };
const berlin = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };

describe('latestSlot', () => {
  const cases = [
    {
      name: 'is due in the very millisecond of its due time',
      timer: vancouver,
      now: '2026-11-23T15:00:00.000Z',
      slot: 'weekly-2026-11-23',
      dueAt: '2026-11-23T15:00:00.000Z',
    },
    {
      name: 'is the week before a millisecond earlier',
      timer: vancouver,
      now: '2026-11-23T14:59:59.999Z',
      slot: 'weekly-2026-11-16',
      dueAt: '2026-11-16T15:00:00.000Z',
    },
    {
      name: 'still counted Vancouver’s winter time in 2025',
      timer: vancouver,
      now: '2025-11-26T00:00:00Z',
      slot: 'weekly-2025-11-24',
      dueAt: '2025-11-24T16:00:00.000Z',
    },
    {
      name: 'knows that Vancouver keeps its summer time from 2026 on',
      timer: vancouver,
      now: '2026-12-30T00:00:00Z',
      slot: 'weekly-2026-12-28',
      dueAt: '2026-12-28T15:00:00.000Z',
    },
    {
      name: 'moves a time that a clock change skips by as much as the clocks jump',
      timer: berlin,
      now: '2026-03-29T01:30:00Z',
      slot: 'weekly-2026-03-29',
      dueAt: '2026-03-29T01:30:00.000Z',
    },
    {
      name: 'is not due yet while the clocks have jumped over it',
      timer: berlin,
      now: '2026-03-29T01:29:59Z',
      slot: 'weekly-2026-03-28',
      dueAt: '2026-03-28T01:30:00.000Z',
    },
    {
      name: 'takes the first of two equal clock times in autumn',
      timer: berlin,
      now: '2026-10-25T00:30:00Z',
      slot: 'weekly-2026-10-25',
      dueAt: '2026-10-25T00:30:00.000Z',
    },
    {
      name: 'stays the same slot when the clock shows the time again',
      timer: berlin,
      now: '2026-10-25T01:30:00Z',
      slot: 'weekly-2026-10-25',
      dueAt: '2026-10-25T00:30:00.000Z',
    },
    {
      name: 'takes its date from a zone 13 hours ahead',
      timer: { cron: '0 8 * * 1', timeZone: 'Pacific/Tongatapu' },
      now: '2026-11-22T19:00:00Z',
      slot: 'weekly-2026-11-23',
      dueAt: '2026-11-22T19:00:00.000Z',
    },
    {
      name: 'survives a clock change of half an hour',
      timer: { cron: '0 3 * * *', timeZone: 'Australia/Lord_Howe' },
      now: '2026-04-05T12:00:00Z',
      slot: 'weekly-2026-04-05',
      dueAt: '2026-04-04T16:30:00.000Z',
    },
    {
      name: 'looks back years for a leap day',
      timer: { cron: '0 8 29 2 *', timeZone: 'UTC' },
      now: '2026-11-24T00:00:00Z',
      slot: 'weekly-2024-02-29',
      dueAt: '2024-02-29T08:00:00.000Z',
    },
  ];
  test.each(cases)('$name', ({ timer, now, slot, dueAt }) => {
    const latest = latestSlot(timer, new Date(now));
    expect({ slot: latest.slot, dueAt: latest.dueAt.toISOString() }).toEqual({ slot, dueAt });
    expect(slotDue(timer, slot)?.toISOString()).toBe(dueAt);
  });
});

describe('slotDue', () => {
  test('finds when a past slot was due', () => {
    expect(slotDue(vancouver, 'weekly-2026-11-16')).toEqual(new Date('2026-11-16T15:00:00Z'));
  });

  test.each([
    ['weekly-2026-11-24', 'a Tuesday'],
    ['weekly-2026-13-01', 'no date'],
    ['weekly-2026-11-23T15', 'more than a date'],
    ['manual-20261124T035900Z', 'a run by hand'],
    ['', 'nothing'],
  ])('knows no due time for %j: %s', (slot) => {
    expect(slotDue(vancouver, slot)).toBeNull();
  });
});

test('manualSlot names the UTC second', () => {
  expect(manualSlot(new Date('2026-11-24T03:59:00.987Z'))).toBe('manual-20261124T035900Z');
});

describe('cronFault', () => {
  test.each([
    '0 8 * * 1',
    '59 23 L * *',
    '0 8 * * MON',
    '0 8 * * THU',
    '0 8 1 MAR *',
    '5 8 * * 1#2',
    ' 0  8 * * 1 ',
  ])('accepts %j', (cron) => {
    expect(cronFault(cron)).toBeNull();
  });

  test.each([
    ['0 8 * *', 'five fields'],
    ['0 0 8 * * 1', 'five fields'],
    ['@weekly', 'five fields'],
    ['', 'five fields'],
    ['60 8 * * 1', 'a time that exists'],
    ['0 8 30 2 *', 'a time that exists'],
    ['a b c d e', 'a time that exists'],
    ['H 8 * * 1', 'H'],
    ['0 8 * * H(1-5)', 'H'],
    ['0 * * * 1', 'one minute and one hour'],
    ['0,30 8 * * 1', 'one minute and one hour'],
    ['0 8,20 * * 1', 'one minute and one hour'],
  ])('refuses %j: %s', (cron, reason) => {
    expect(cronFault(cron)).toContain(reason);
  });
});

describe('timeZoneFault', () => {
  test.each(['America/Vancouver', 'UTC', 'Pacific/Apia'])('accepts %s', (zone) => {
    expect(timeZoneFault(zone)).toBeNull();
  });

  test.each(['Vancouver', 'local', '', '+05:00', 'Mars/Olympus'])('refuses %j', (zone) => {
    expect(timeZoneFault(zone)).toContain('IANA');
  });
});
