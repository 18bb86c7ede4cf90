import { expect, test } from 'vitest';
import { previewRun } from '../../../src/pipeline/direct/preview.ts';
import { createFakeCluster } from '../../fakes.ts';
import { clusterOf, createPorts, LEA, pipelineRules } from '../build.ts';

const cluster = createFakeCluster(
  clusterOf(
    { name: 'a-dev', bytes: 2_000, contacts: LEA },
    { name: 'b-dev', bytes: 10, contacts: LEA },
    { name: 'silent', bytes: 3_000 },
  ),
);

test('a previewed run has the summary that the platform staff would get, as if every mail was accepted', async () => {
  const summaries: unknown[] = [];
  const ports = createPorts({ cluster });
  const compose: typeof ports.compose = {
    ...ports.compose,
    renderSummary: (summary) => {
      summaries.push(summary);
      return ports.compose.renderSummary(summary);
    },
  };
  const { mails, summary } = await previewRun({ ...ports, compose }, pipelineRules(), 'manual-1');

  expect(mails.map(({ delivery }) => delivery.recipient.address)).toEqual(['lea@example.test']);
  expect(summary?.delivery).toMatchObject({
    kind: 'run-summary',
    runId: 'manual-1',
    recipient: { address: 'staff@example.test' },
  });
  expect(summary?.message.envelope.to).toBe('staff@example.test');
  expect(summaries).toMatchObject([
    {
      run: { id: 'manual-1', state: 'finished', namespaces: ['a-dev', 'b-dev', 'silent'] },
      mails: { submitted: 1 },
      rows: [
        { namespace: 'a-dev', level: 'over', mails: { submitted: 1 }, problem: null },
        { namespace: 'b-dev', level: 'ok', mails: {} },
        { namespace: 'silent', level: 'over', mails: {}, noRecipientReason: expect.any(String) },
      ],
      failing: [],
    },
  ]);
});

test('a previewed run has no summary where nobody is to get one', async () => {
  const rules = pipelineRules({ summaryTo: null });
  expect((await previewRun(createPorts({ cluster }), rules, 'manual-1')).summary).toBe(null);
});
