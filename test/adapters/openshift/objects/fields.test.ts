import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatTime, timeSchema } from '../../../../src/adapters/openshift/objects/fields.ts';

test.each([
  ['2026-11-24T02:58:23Z', '2026-11-24T02:58:23Z'],
  ['2026-11-24T02:58:23.999Z', '2026-11-24T02:58:23Z'],
  ['2026-11-24T02:58:23+02:00', '2026-11-24T00:58:23Z'],
  ['2026-11-24T23:58:23.5-02:00', '2026-11-25T01:58:23Z'],
  ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00Z'],
  ['9999-12-31T23:59:59-01:00', '9999-12-31T23:59:59Z'],
  ['0000-01-01T00:00:00+01:00', '0000-01-01T00:00:00Z'],
])('the time %s is read as %s', (time, read) => {
  expect(timeSchema.parse(time)).toBe(read);
});

test.each([
  '2026-13-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2027-02-29T00:00:00Z',
  '2026-11-24T24:00:00Z',
  '2026-11-24T02:60:00Z',
  '2026-11-24T02:58:60Z',
  '2026-11-24T02:58:23z',
  '2026-11-24 02:58:23Z',
  '2026-11-24T02:58:23',
  '2026-11-24',
  '',
])('%s is no time', (time) => {
  expect(timeSchema.safeParse(time).success).toBe(false);
});

test('whatever is a time is read as what it says, to the second', () => {
  const times = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(times, (time) => {
      const [withMs, formatted] = [time.toISOString(), formatTime(time)];
      expect(timeSchema.parse(withMs)).toBe(formatted);
      expect(timeSchema.parse(formatted)).toBe(formatTime(new Date(formatted)));
    }),
  );
});
