import { expect, test } from 'vitest';
import { createSharing } from '../../../../src/adapters/openshift/objects/interning.ts';
import type { ImageReference, WorkloadReference } from '../../../../src/usage/model.ts';
import { createInternedStrings } from '../../../../src/usage/cluster/interned-strings.ts';

/** Which texts are one in memory nothing can tell but the memory; that all is still said, this tells. */

const REFERENCES: readonly ImageReference[] = [
  { type: 'pullSpec', spec: 'registry.example.test/a/web:1' },
  { type: 'digest', digest: 'sha256:1' },
  { type: 'tag', namespace: 'team-tools', stream: 'web', tag: 'latest' },
];

test.each(REFERENCES)(
  'a workload that names a $type says the same, however often it is shared',
  (reference) => {
    const { shareReference } = createSharing(createInternedStrings());
    const given: WorkloadReference = {
      namespace: 'team-dev',
      workload: 'team-dev/Pod/web-1',
      reference,
      how: 'finished',
      controller: 'team-dev/ReplicaSet/web',
      endedPodCreated: '2026-11-24T02:58:23Z',
    };
    for (const one of [given, given, { ...given, controller: null }]) {
      expect(shareReference(structuredClone(one))).toEqual(one);
    }
  },
);
