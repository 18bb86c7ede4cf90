import { expect } from 'vitest';
import type { NamespaceReport, TeamReport } from '../../../../src/usage/report/report.ts';
import type { DeletionPlan } from '../../../../src/usage/cleanup/plan.ts';
import { isSizeOf } from '../read-figures.ts';
import type { readStandings } from '../read-figures.ts';

/** Every figure that a mail shows of a namespace before its list, and that it shows no other. */
export const expectStanding = (
  { words, shares, deletions }: ReturnType<typeof readStandings>['sections'][number],
  namespace: NamespaceReport,
  plan: DeletionPlan | null,
): void => {
  const { quota, usedBytes, totals, unknownRevisions } = namespace;
  expectUsage(words, namespace);
  const hasBar = quota.limitBytes !== null && !isNothingKnown(namespace);
  expect(shares).toEqual(hasBar ? sharesOf(usedBytes, quota.limitBytes) : []);
  // Where sizes are unknown the share is a lower bound, too; at least 0% would say nothing.
  const hasShare = quota.usedPercent !== null && (unknownRevisions === 0 || quota.usedPercent > 0);
  expect(/(at least )?([\d,.]+)% of quota · /.exec(words)?.slice(1)).toEqual(
    hasShare ? [unknownRevisions > 0 ? 'at least ' : undefined, inWords(quota.usedPercent)] : undefined,
  );
  expect(words.includes('% of quota')).toBe(hasShare);
  expect(words).toContain(
    totals.revisions === 0
      ? 'no image streams'
      : `${count(totals.streams, 'image stream')}, ${count(totals.tags, 'tag')} and ${count(totals.revisions, 'revision')} · shared`,
  );
  expectSizes(words, `Of this, ${ONE} is also counted`, namespace.sharedWithTeamBytes ?? 0);
  expectSizes(words, `Another ${ONE} is imported`, namespace.importedBytes);
  expect(/The size of ([\d,]+ \w+) is not fully known/.exec(words)?.[1]).toBe(
    unknownRevisions === 0 ? undefined : count(unknownRevisions, 'revision'),
  );
  expect(deletions.length > 0).toBe(plan !== null);
  if (plan !== null) expectPlan(words, namespace, plan);
  if (plan !== null) expectDeletions(deletions, namespace, plan);
};

/** What a mail says of a team of several namespaces. */
export const expectTeam = (words: string, report: TeamReport | undefined): void => {
  const over = report?.namespaces.filter(({ quota }) => quota.level === 'over').length ?? 0;
  const all = report?.namespaces.length ?? 0;
  expect(words).toContain(
    `${report?.team.displayName ?? ''} has ${count(all, 'namespace')} in this mail, ${over === all ? (all === 2 ? 'both' : 'all of them') : over === 0 ? 'none of them' : `${String(over)} of them`} over quota.`,
  );
  expectSizes(words, `team together use (?:at least )?${ONE},`, report?.team.usedBytes ?? 0);
};

/** The hidden line says what the first plan comes to, if there is one. */
export const expectPreheader = (
  html: string,
  reports: readonly NamespaceReport[],
  plans: ReadonlyMap<string, DeletionPlan>,
): void => {
  const words = /<div style="display:none[^>]*>(.*?)<\/div>/s.exec(html)?.[1] ?? '';
  const planned = reports.find(({ name }) => plans.has(name));
  const plan = plans.get(planned?.name ?? '');
  expect(words).not.toBe('');
  expect(words.startsWith('Deleting ') || words.includes(': Deleting ')).toBe(plan !== undefined);
  expectSizes(words, ` uses frees ${ONE}`, plan?.freesBytes ?? 0);
  if (plan !== undefined) expect(words).toContain(`Deleting ${count(plan.deletions.length, 'tag')} that`);
};

const S = String.raw`less than 0\.1|\d[\d,]*(?:\.\d)?`;
const U = '(?<unit>B|[KMGT]iB)';
const ONE = `(?<a>${S}) ${U}`;
const TWO = `(?<a>${S}) of (?<b>${S}) ${U}`;
/** How much over, after both: in their unit, unless that cannot tell it. */
const overOf = (unknownRevisions: number): string =>
  unknownRevisions > 0
    ? `(?:at least (?<c>\\d[\\d,]*(?:\\.\\d)?) over|over by at least (?<d>\\d[\\d,.]* \\w+))`
    : `(?:(?<c>${S}) over|over by (?<d>less than 0\\.1 \\w+))`;

/** Whether sizes are unknown and no known one is charged: that it is at least 0 would say nothing. */
const isNothingKnown = ({ usedBytes, unknownRevisions }: NamespaceReport): boolean =>
  usedBytes === 0 && unknownRevisions > 0;

const expectUsage = (words: string, namespace: NamespaceReport): void => {
  const { name, quota, usedBytes, unknownRevisions } = namespace;
  const { limitBytes } = quota;
  if (isNothingKnown(namespace)) {
    if (limitBytes === null) expect(words).toMatch(`^${name}: size unknown, without a limit`);
    else expectSizes(words, `^${name}: size unknown, quota ${ONE} `, limitBytes);
    expect(words).not.toMatch(/\b(used|free|over) \d|at (least|most)/);
    return;
  }
  const atLeast = unknownRevisions > 0 ? 'at least ' : '';
  if (limitBytes === null) {
    expectSizes(words, `^${name} uses ${atLeast}${ONE}, without a limit`, usedBytes);
    expect(words).not.toMatch(/\b(quota|used|free|over) \d/);
    return;
  }
  const overBytes = usedBytes - limitBytes;
  expect(quota.overBytes).toBe(Math.max(0, overBytes));
  if (overBytes > 0) {
    const over = overOf(unknownRevisions);
    expectSizes(words, `^${name} uses ${atLeast}${TWO}, ${over}`, usedBytes, limitBytes, overBytes);
    expectSizes(words, ` quota ${ONE} over by`, limitBytes);
    expectSizes(words, ` over by ${atLeast}${ONE} (?:(?:at least )?[\\d,.]+%|\\d)`, overBytes);
  } else {
    expectSizes(words, `^${name} uses ${atLeast}${TWO}`, usedBytes, limitBytes);
    expectSizes(words, ` used ${atLeast}${ONE} free`, usedBytes);
    expectSizes(words, ` free ${unknownRevisions > 0 ? 'at most ' : ''}${ONE} `, -overBytes);
  }
};

const expectPlan = (
  words: string,
  { quota, unknownRevisions }: NamespaceReport,
  plan: DeletionPlan,
): void => {
  const { deletions, freesBytes, reclaimsBytes, usedAfterBytes } = plan;
  const { limitBytes } = quota;
  expect(words).toContain(
    deletions.length === 1 ? 'Delete this one first' : `Delete these ${String(deletions.length)} first`,
  );
  expectSizes(words, `lowers? the usage by ${ONE},`, freesBytes);
  const after = `, to ${unknownRevisions > 0 ? 'at least ' : ''}`;
  if (limitBytes === null) expectSizes(words, `${after}${ONE}`, usedAfterBytes);
  else if (usedAfterBytes <= limitBytes) expectSizes(words, `${after}${TWO}[,.]`, usedAfterBytes, limitBytes);
  else
    expectSizes(
      words,
      `${after}${TWO}: still ${overOf(unknownRevisions)}`,
      usedAfterBytes,
      limitBytes,
      usedAfterBytes - limitBytes,
    );
  expectSizes(words, `The registry gets back ${ONE} at`, reclaimsBytes ?? 0);
  expect(words.includes('The registry itself gets nothing back')).toBe(reclaimsBytes === 0);
};

const expectDeletions = (
  shown: readonly (readonly string[])[],
  { streams }: NamespaceReport,
  { deletions, freesBytes }: DeletionPlan,
): void => {
  const expected = deletions.map(({ stream, tag, freesBytes: alone }, index) => {
    const weighed = streams.find(({ name }) => name === stream)?.tags.find(({ name }) => name === tag);
    expect(weighed?.freesBytes).toBe(alone);
    return [
      `${stream}:${tag}`,
      weighed?.revisions[0]?.created?.slice(0, 10) ?? '',
      agreed(shown[index]?.[2], alone),
    ];
  });
  const sum = shown.at(-1);
  const total = deletions.length === 1 ? [] : [[sum?.[0] ?? '', '', agreed(sum?.[2], freesBytes)]];
  expect(shown).toEqual([...expected, ...total]);
};

/** The sizes that a pattern finds in words are these; for 0 nothing is found where only one is wanted. */
const expectSizes = (words: string, pattern: string, ...bytes: readonly number[]): void => {
  const { a, b, c, d, unit } = new RegExp(pattern).exec(words)?.groups ?? {};
  const shown = [a, b, c].flatMap((amount) => (amount === undefined ? [] : [`${amount} ${unit ?? ''}`]));
  if (d !== undefined) shown.push(d);
  const wanted = bytes.length === 1 && bytes[0] === 0 && shown.length === 0 ? [] : bytes;
  expect(shown, `${pattern} in: ${words}`).toEqual(wanted.map((size, index) => agreed(shown[index], size)));
};

/** What is shown, if it is that many bytes; else the bytes. */
export const agreed = (shown: string | undefined, bytes: number): string =>
  shown !== undefined && isSizeOf(shown, bytes) ? shown : `${inWords(bytes)} bytes`;

const sharesOf = (usedBytes: number, limitBytes: number): readonly number[] => {
  const [part, whole] = [Math.min(usedBytes, limitBytes), Math.max(usedBytes, limitBytes)];
  if (part === 0 || part === whole) return [100];
  const share = Math.min(99, Math.max(1, Math.round((part / whole) * 100)));
  return [share, 100 - share];
};

const count = (number: number, noun: string): string =>
  `${inWords(number)} ${noun}${number === 1 ? '' : 's'}`;

/** Thousands apart, as the mail has them. */
export const inWords = (number: number): string => number.toLocaleString('en-US');
