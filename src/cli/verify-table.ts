import type { Reporter } from '../app.ts';
import { formatBytes, formatCount, formatMoment, formatNumber } from '../usage/format.ts';
import type { BlobDifference, RegistryVerdict } from '../usage/verify/registry-verdict.ts';
import type { Figure, FigureCheck, FigureDifference } from '../usage/verify/compare-figures.ts';
import { layOut } from './table.ts';
import type { Column } from './table.ts';
import { paint, printable } from './terminal.ts';
import type { Terminal } from './terminal.ts';

type Out = Terminal['out'];
type Verification = Awaited<ReturnType<Reporter['verify']>>[number];

/** What a verification came to, to be read in a minute. */
export const verificationText = (out: Out, verification: Verification): string => {
  const { namespace, usedBytes, generatedAt, unknownRevisions, findings, exact } = verification;
  const least = unknownRevisions > 0 ? 'at least ' : '';
  const lines = [
    paint(
      out,
      'bold',
      `${printable(namespace)} uses ${least}${formatBytes(usedBytes)} (${exactly(usedBytes)})`,
    ),
    `Read on ${formatMoment(generatedAt)}, and recounted by other code with nothing but sets.`,
    ...(exact ? [] : ['The cluster changed while it was read, so figures may be slightly off.']),
    '',
    layOut(
      COLUMNS,
      verification.figures.map((check) => figureRow(out, check, verification)),
    ),
    ...figureVerdict(out, verification.figures),
    ...(findings === 0
      ? []
      : [
          `The report has ${formatCount(findings, 'finding')} on what is odd here: quotagram report -n ${printable(namespace)} tells ${findings === 1 ? 'it' : 'them'}.`,
        ]),
    '',
    ...(verification.registry === null
      ? ['With --registry auto the cluster’s registry itself is asked, too.']
      : registryLines(out, verification.registry, verification.registryAddress ?? '')),
  ];
  return lines.map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join('');
};

const COLUMNS: readonly Column[] = [
  { heading: 'FIGURE', align: 'left' },
  { heading: 'COMPARED', align: 'right' },
  { heading: 'RESULT', align: 'left' },
];

const NAMES: Readonly<Record<Figure, string>> = {
  usedBytes: 'used',
  teamUsedBytes: 'used by the team',
  importedBytes: 'imported, not charged',
  sharedWithTeamBytes: 'shared with the team’s other namespaces',
  unknownRevisions: 'revisions of unknown size',
  totals: 'numbers of streams, tags, revisions, images, blobs',
  sizeBytes: 'size',
  countedBytes: 'counted',
  countedSum: 'counted, added up to what is used',
  freesBytes: 'frees',
  reclaimsBytes: 'what the registry gets back',
};

/** What cannot be told without other namespaces. */
const TAKES_OTHERS: readonly Figure[] = ['teamUsedBytes', 'sharedWithTeamBytes', 'reclaimsBytes'];

const figureRow = (
  out: Out,
  { figure, compared, differences }: FigureCheck,
  { scope }: Verification,
): readonly string[] => {
  const result =
    differences.length > 0
      ? paint(out, 'red', `${formatNumber(differences.length)} differ`)
      : compared === 0 && TAKES_OTHERS.includes(figure) && scope === 'namespaces'
        ? 'unknown: other namespaces could not be read'
        : paint(out, 'green', compared === 1 ? 'agrees' : 'agree');
  return [NAMES[figure], formatNumber(compared), result];
};

const figureVerdict = (out: Out, figures: readonly FigureCheck[]): readonly string[] => {
  const compared = figures.reduce((sum, check) => sum + check.compared, 0);
  const all = figures.flatMap(({ figure, differences }) =>
    differences.map((difference) => describeFigure(figure, difference)),
  );
  if (all.length === 0) return ['', `All ${formatCount(compared, 'figure')} agree.`];
  return [
    '',
    paint(out, 'red', `${formatNumber(all.length)} of ${formatCount(compared, 'figure')} differ:`),
    ...some(all),
    'That is a defect of Quotagram; please report it with the output of --output json.',
  ];
};

const describeFigure = (figure: Figure, { subject, stated, recounted }: FigureDifference): string => {
  const say = (value: number | null): string => (value === null ? 'unknown' : formatNumber(value));
  const of = subject === '' ? '' : ` of ${printable(subject)}`;
  return `${NAMES[figure]}${of}: the report says ${say(stated)}, the recount ${say(recounted)}`;
};

const registryLines = (out: Out, verdict: RegistryVerdict, registry: string): readonly string[] => {
  const { asked, agreed, statedBytes, storedBytes, differences, notAsked } = verdict;
  const contradictions = differences.filter(({ reason }) => reason === null);
  const unconfirmed = differences.filter(({ reason }) => reason !== null);
  const counts = [
    `${formatCount(asked, 'blob')} asked`,
    `${formatNumber(agreed)} agree`,
    ...(unconfirmed.length === 0 ? [] : [`${formatNumber(unconfirmed.length)} not confirmed`]),
  ].join(', ');
  const colour = contradictions.length > 0 ? 'red' : unconfirmed.length > 0 ? 'yellow' : 'green';
  return [
    paint(out, colour, `The registry ${printable(registry)}: ${counts}.`),
    ...(verdict.isProbablyAnother
      ? [
          `It has ${agreed === 0 ? 'none' : 'hardly any'} of these blobs, so it is probably another registry than the cluster’s; then this says nothing of the figures.`,
          '`--registry auto` asks the cluster’s own. If it is this one, it has lost what it stored, and no image can be pulled.',
        ]
      : [...ownSizes(statedBytes - (storedBytes ?? 0)), ...some(contradictions.map(describeBlob))]),
    ...some(unconfirmedLines(unconfirmed)),
    ...(unconfirmed.some(({ verdict: outcome }) => outcome === 'refused') ? WHO_MAY_PULL : []),
    ...notAsked.map(
      ({ blobs, bytes, reason }) =>
        `Not asked: ${formatCount(blobs, 'blob')} (${formatBytes(bytes)}). ${reason}`,
    ),
  ];
};

const WHO_MAY_PULL = [
  'For OpenShift’s registry set REGISTRY_TOKEN to the output of `oc whoami -t` of somebody who may pull from the namespace:',
  'the roles view, edit and system:image-puller allow that. For others set REGISTRY_USER and REGISTRY_PASSWORD.',
];

const ownSizes = (off: number): readonly string[] =>
  off === 0
    ? []
    : [
        `By its own sizes ${formatBytes(Math.abs(off))} (${exactly(Math.abs(off))}) ${off > 0 ? 'less' : 'more'} is used.`,
      ];

/** One line a reason, not one a blob: mostly it is the same for all. */
const unconfirmedLines = (unconfirmed: readonly BlobDifference[]): readonly string[] =>
  [...Map.groupBy(unconfirmed, ({ reason }) => reason)].map(([reason, alike]) => {
    const [first] = alike;
    if (alike.length === 1 && first !== undefined) return describeBlob(first);
    const bytes = alike.reduce((sum, { statedBytes }) => sum + statedBytes, 0);
    return `${formatCount(alike.length, 'blob')} (${formatBytes(bytes)}) not confirmed: ${printable(reason ?? '')}`;
  });

const describeBlob = ({ digest, explanation }: BlobDifference): string =>
  `${printable(digest).replace(/^(sha256:.{12}).*/, '$1')}  ${printable(explanation)}`;

/** As many as fit a screen; JSON has them all. */
const SHOWN = 20;

const some = (lines: readonly string[]): readonly string[] => [
  ...lines.slice(0, SHOWN).map((line) => `  ${line}`),
  ...(lines.length > SHOWN
    ? [`  and ${formatNumber(lines.length - SHOWN)} more: --output json has all of them`]
    : []),
];

const exactly = (bytes: number): string => formatCount(bytes, 'byte');
