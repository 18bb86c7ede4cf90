import { formatBytes, formatMoment, formatSome } from '../../../usage/format.ts';
import { describeInexact, describeReading, describeUnseenUse } from '../../../usage/report/reading.ts';
import type { Finding, FindingCode, ListReading } from '../../../usage/model.ts';
import type { NamespaceReport, Report } from '../../../usage/report/report.ts';

/**
 * What a team should know about its figures and can mostly mend itself, one sentence a kind. Findings that only
 * concern the platform staff, and addresses, are left out.
 */
export const listNotes = (report: Report, namespaces: readonly NamespaceReport[]): readonly string[] => [
  ...notesOnReading(report),
  ...namespaces.flatMap(({ name, findings }) =>
    NOTES.flatMap(({ code, text, namesSubjects }) => {
      const found = findings.filter((finding) => finding.code === code);
      if (found.length === 0) return [];
      const subjects = namesSubjects ? `: ${subjectsOf(found)}.` : '';
      return [`${namespaces.length > 1 ? `${name}: ` : ''}${text}${subjects}`];
    }),
  ),
  ...notesOnSharedImages(namespaces),
  ...adviseSmaller(namespaces),
];

type ReadingNotes = { readonly worthKnowing: readonly string[]; readonly smallPrint: readonly string[] };

/** When the lists were read, to the second: worth knowing where not all are exact, small print where they are. */
export const noteReading = (lists: readonly ListReading[]): ReadingNotes =>
  placeReading(lists, describeReading(lists));

/** The same in the words of a team, for which it is enough when reading began and that figures may be off. */
export const noteReadingForTeam = (lists: readonly ListReading[]): ReadingNotes => {
  const [first] = lists.map(({ readAt }) => readAt).toSorted();
  const sentences = [`Read on ${formatMoment(first ?? null)}.`, describeInexact(lists) ?? ''];
  return placeReading(lists, first === undefined ? null : sentences.join(' ').trim());
};

const placeReading = (lists: readonly ListReading[], sentence: string | null): ReadingNotes => {
  const reading = sentence === null ? [] : [sentence];
  return describeInexact(lists) === null
    ? { worthKnowing: [], smallPrint: reading }
    : { worthKnowing: reading, smallPrint: [] };
};

/** Why the figures of namespaces do not add up to the team's, and why deleting frees nothing elsewhere. */
const notesOnSharedImages = (namespaces: readonly NamespaceReport[]): readonly string[] =>
  namespaces.every(({ sharedWithTeamBytes }) => sharedWithTeamBytes === 0)
    ? []
    : [
        'What stands in several namespaces, such as an image promoted with oc tag, is stored once and counted in the quota of each. Deleting it in one namespace lowers the usage of that one only; the registry gets it back when the last one has deleted it.',
      ];

const notesOnReading = (report: Report): readonly string[] => {
  const unseen = describeUnseenUse(report);
  return [
    ...(unseen === null ? [] : [`“Use unknown” does not mean unused: ${unseen}.`]),
    ...noteReadingForTeam(report.snapshot.lists).worthKnowing,
  ];
};

/** Of all advice the one that a team profits from, in one line: it is for the platform staff otherwise. */
const adviseSmaller = (namespaces: readonly NamespaceReport[]): readonly string[] => {
  const [worst] = namespaces
    .flatMap(({ name, advice }) => advice.map((one) => ({ ...one, name })))
    .filter(({ code }) => code === 'large-layer')
    .toSorted((a, b) => b.amount - a.amount);
  if (worst === undefined) return [];
  const place = `${namespaces.length > 1 ? `${worst.name}/` : ''}${worst.subject}`;
  return [`Smaller is better: a layer of ${place} alone is ${formatBytes(worst.amount)}.`];
};

type Note = {
  readonly code: FindingCode;
  readonly text: string;
  /** Subjects that are tags and images; others may be an address. */
  readonly namesSubjects: boolean;
};

const NOTES: readonly Note[] = [
  { code: 'import-failed', text: 'Import failed', namesSubjects: true },
  { code: 'image-missing', text: 'Image gone from the cluster, size unknown', namesSubjects: true },
  { code: 'image-unreadable', text: 'Image not understood, size unknown', namesSubjects: true },
  { code: 'size-unknown', text: 'Image states no size', namesSubjects: true },
  {
    code: 'index-child-missing',
    text: 'Part of a multi-architecture image gone or not readable, larger than shown',
    namesSubjects: true,
  },
  {
    code: 'name-not-quotable',
    text: 'Name that cannot safely stand in a command, so there is none',
    namesSubjects: true,
  },
  {
    code: 'quota-annotation-invalid',
    text: 'The quota annotation of the namespace was not understood and is ignored.',
    namesSubjects: false,
  },
  {
    code: 'quota-annotation-off',
    text: 'The quota annotation of the namespace is ignored: the platform does not use it.',
    namesSubjects: false,
  },
  {
    code: 'contacts-invalid',
    text: 'The contacts annotation of the namespace was not fully understood: somebody may not get this mail.',
    namesSubjects: false,
  },
  {
    code: 'address-refused',
    text: 'A contact of the namespace is no plain address, so nobody was told there.',
    namesSubjects: false,
  },
  {
    code: 'domain-refused',
    text: 'A contact of the namespace is outside the allowed mail domains, so nobody was told there.',
    namesSubjects: false,
  },
];

const subjectsOf = (findings: readonly Finding[]): string =>
  formatSome(
    findings.slice(0, 3).map(({ subject }) => subject.replace(/sha256:([0-9a-f]{12})[0-9a-f]+/g, '$1')),
    findings.length,
  );
