import { deleteTagCommand, isQuotableUrl } from './commands.ts';
import { formatBytes, formatCount, formatMoment } from '../format.ts';
import type { NamespaceReport, Report } from '../report/report.ts';
import { currentOf } from './plan.ts';
import type { DeletionPlan } from './plan.ts';

/** How long a clean-up file is valid. Not "until the next slot", which no record holds (docs/decisions/0016). */
const VALID_DAYS = 7;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Writes a plan as a POSIX shell script that explains itself. It deletes a tag only on the report's cluster, only within 7
 * days of the report, and only while the tag points to the image it was weighed with. It exits with 0 when every tag is
 * gone, so it can be run again, and with 1 when any is left. When the report has no address of its cluster, the file asks
 * for it as an argument. Null when no tag's name is safe in a command.
 */
export const writeCleanup = (
  namespace: NamespaceReport,
  report: Report,
  plan: DeletionPlan,
): string | null => {
  const steps = listSteps(namespace, plan);
  const expiresAt = Date.parse(report.generatedAt) + VALID_DAYS * DAY_MS;
  if (steps.length === 0 || Number.isNaN(expiresAt)) return null;
  const expires = new Date(expiresAt).toISOString();
  return [
    ...explain(namespace, report, expires),
    ...(steps.length === plan.deletions.length ? [] : [tellMissing(plan.deletions.length - steps.length)]),
    '',
    ...checkFirst(namespace.name, report.cluster.apiUrl, expires),
    '',
    ...steps.flatMap(({ name, digest, frees }, index) => [
      `# ${String(index + 1)}. ${name}, which alone frees ${frees}`,
      `if points_to ${name} ${digest}; then`,
      `  delete_tag ${name}`,
      'fi',
      '',
    ]),
    'if [ "$left" -gt 0 ]; then',
    `  printf '%s\\n' "Not deleted: $left of ${String(steps.length)} tags." >&2`,
    '  exit 1',
    'fi',
    '',
  ].join('\n');
};

type Step = {
  readonly name: string;
  readonly digest: string;
  readonly frees: string;
};

/** The tags that a command can name and check. */
const listSteps = (namespace: NamespaceReport, plan: DeletionPlan): readonly Step[] =>
  plan.deletions.flatMap((deletion) => {
    const { stream, tag, freesBytes } = deletion;
    const isNameable = deleteTagCommand(namespace.name, stream, tag) !== null;
    const digest = currentOf(namespace, deletion)?.digest;
    return !isNameable || digest === undefined || !DIGEST.test(digest)
      ? []
      : [{ name: `${stream}:${tag}`, digest, frees: formatBytes(freesBytes) }];
  });

/** A digest as image streams state it (OCI image-spec, "Digests"). */
const DIGEST = /^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/;

const explain = (
  { name }: NamespaceReport,
  { generatedAt, cluster }: Report,
  expires: string,
): readonly string[] => [
  '#!/bin/sh',
  `# What to delete first in the namespace ${name}, as proposed in the mail that came with this file.`,
  '# Read it, remove what you want to keep, and run it with:',
  '#',
  `#   sh cleanup-${name}.txt${knownServer(cluster.apiUrl) === null ? ' ADDRESS' : ''}`,
  '#',
  `# Computed ${formatMoment(generatedAt)} for the cluster ${oneLine(cluster.name)}. No workload that could be read used`,
  '# these tags then. Later deployments are not checked. Deleting a tag deletes all its revisions and cannot be undone.',
  '#',
  '# Nothing is deleted unless',
  knownServer(cluster.apiUrl) === null
    ? '# - oc is logged in to the cluster whose ADDRESS you give (oc whoami --show-server prints it),'
    : '# - oc is logged in to that cluster,',
  `# - it is not yet ${formatMoment(expires)}: a later mail has newer commands,`,
  '# - the tag still points to the same image as when this was computed. Otherwise the tag is skipped.',
  '#',
  '# You can run it again. A tag that is already gone is not an error.',
];

const tellMissing = (count: number): string =>
  `# Left out: ${formatCount(count, 'tag')} of the mail with names that are not safe in a command.`;

/** A cluster's name must not break out of its comment line. */
const oneLine = (text: string): string => text.replace(/[^\x20-\x7e]/g, '').slice(0, 100);

const knownServer = (apiUrl: string | null): string | null =>
  apiUrl !== null && isQuotableUrl(apiUrl) ? apiUrl : null;

const checkFirst = (namespace: string, apiUrl: string | null, expires: string): readonly string[] => {
  const server = knownServer(apiUrl);
  return [
    server === null ? 'server=${1:-}' : `server='${server}'`,
    `expires=${expires.slice(0, 16).replaceAll(/\D/g, '')} # UTC: year, month, day, hour, minute`,
    'left=0',
    '',
    'stop() {',
    `  printf '%s\\n' "Nothing was deleted: $1" >&2`,
    '  exit 1',
    '}',
    '',
    '# Whether a tag still points to the image with this digest. oc may print warnings before it.',
    'points_to() {',
    `  if ! answer=$(oc get imagestreamtag "$1" -n ${namespace} -o 'jsonpath={.image.metadata.name}' 2>&1); then`,
    '    explain "$1" "$answer"',
    '    return 1',
    '  fi',
    '  case $answer in',
    '    *"$2") return 0 ;;',
    '  esac',
    '  skip "$1: it now points to another image."',
    '  return 1',
    '}',
    '',
    '# Unlike oc tag -d, oc delete says so when you lack the right.',
    'delete_tag() {',
    `  if answer=$(oc delete imagestreamtag "$1" -n ${namespace} 2>&1); then`,
    `    printf '%s\\n' "Deleted $1."`,
    '  else',
    '    explain "$1" "$answer"',
    '  fi',
    '}',
    '',
    '# Says why oc failed for a tag. A tag that is already gone is what we want.',
    'explain() {',
    '  case $2 in',
    `    *'(NotFound)'*"\\"$1\\" not found"* | *'(NotFound)'*"\\"\${1%%:*}\\" not found"*)`,
    `      printf '%s\\n' "Already gone: $1."`,
    '      ;;',
    "    *'(Unauthorized)'*)",
    `      printf '%s\\n' "Stopped at $1: oc is no longer logged in. Log in with oc login and run this file again." >&2`,
    '      exit 1',
    '      ;;',
    `    *'(Forbidden)'*) skip "$1: you lack the right. $2" ;;`,
    '    *) skip "$1: $2" ;;',
    '  esac',
    '}',
    '',
    'skip() {',
    `  printf '%s\\n' "Skipped $1" >&2`,
    '  left=$((left + 1))',
    '}',
    '',
    ...(server === null
      ? [`[ -n "$server" ] || stop 'name the cluster: sh cleanup-${namespace}.txt ADDRESS'`]
      : []),
    "command -v oc >/dev/null 2>&1 || stop 'the command oc is not installed here.'",
    '[ "$(date -u +%Y%m%d%H%M)" -lt "$expires" ] 2>/dev/null ||',
    `  stop 'this file was valid until ${formatMoment(expires)}.'`,
    "here=$(oc whoami --show-server) || stop 'oc does not say which cluster it is logged in to.'",
    '[ "$here" = "$server" ] || stop "oc is logged in to $here, not to $server."',
  ];
};
