import type { NamespaceReport, Report } from '../../src/usage/report/report.ts';
import type { Figures } from './brute-force.ts';
import type { NamespaceFigures } from './figures.ts';

/** The figures of a report in the shape that the brute force has them. */
export const pickFigures = (report: Report): Figures => ({
  cluster: {
    usedBytes: report.cluster.usedBytes,
    sumOfNamespacesBytes: report.cluster.sumOfNamespacesBytes,
  },
  namespaces: report.reports
    .flatMap(({ team, namespaces }) =>
      namespaces.map((namespace) => pickNamespace(namespace, team.usedBytes)),
    )
    .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
});

const pickNamespace = (report: NamespaceReport, teamUsedBytes: number | null): NamespaceFigures => ({
  name: report.name,
  teamUsedBytes,
  usedBytes: report.usedBytes,
  importedBytes: report.importedBytes,
  sharedWithTeamBytes: report.sharedWithTeamBytes,
  unknownRevisions: report.unknownRevisions,
  totals: report.totals,
  streams: report.streams.map((stream) => ({
    ...stream,
    tags: stream.tags.map((tag) => ({
      ...tag,
      revisions: tag.revisions.map((revision) => ({
        digest: revision.digest,
        sizeBytes: revision.sizeBytes,
        countedBytes: revision.countedBytes,
        charged: revision.charged,
        inUse: revision.inUse,
        inUseBy: revision.inUseBy,
        inUseHow: revision.inUseHow,
        inUseCount: revision.inUseCount,
      })),
    })),
  })),
});
