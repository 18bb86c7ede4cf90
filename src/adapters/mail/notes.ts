import { formatList, formatSome } from '../../usage/format.ts';
import type { Finding, FindingCode } from '../../usage/registry.ts';
import type { NamespaceReport, Report } from '../../usage/report.ts';

/**
 * What a team should know about its figures and can mostly mend itself, one sentence a kind. Findings that only
 * concern the platform staff, and addresses, are left out.
 */
export const listNotes = (report: Report, namespaces: readonly NamespaceReport[]): readonly string[] => [
  ...(report.snapshot.unreadableKinds.length === 0
    ? []
    : [
        `${formatList(report.snapshot.unreadableKinds)} could not be read everywhere, so some use is unknown: “use unknown” does not mean unused.`,
      ]),
  ...(report.snapshot.exact
    ? []
    : ['The cluster changed while it was read, so figures may be slightly off.']),
  ...namespaces.flatMap(({ name, findings }) =>
    NOTES.flatMap(({ code, text, namesSubjects }) => {
      const found = findings.filter((finding) => finding.code === code);
      if (found.length === 0) return [];
      const subjects = namesSubjects ? `: ${subjectsOf(found)}.` : '';
      return [`${namespaces.length > 1 ? `${name}: ` : ''}${text}${subjects}`];
    }),
  ),
];

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
    text: 'Part of a multi-architecture image gone, larger than shown',
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
