import { readSummarySample, readUsageSample } from '../../src/adapters/mail/templates/samples.ts';
import type { Compose, RenderedMail } from '../../src/pipeline/ports.ts';
import { inventMail, inventNamespace, mailOf } from '../adapters/mail/invented.ts';

/** A mail to try mail software with. */
export type MailFixture = {
  readonly name: string;
  readonly render: (compose: Compose) => Promise<RenderedMail>;
};

/** One mail of every kind and size that the composer's own tests know. */
export const MAIL_FIXTURES: readonly MailFixture[] = [
  {
    name: 'the sample of a usage mail',
    render: async (compose) => compose.renderUsage(await readUsageSample()),
  },
  {
    name: 'the sample of a run summary',
    render: async (compose) => compose.renderSummary(await readSummarySample()),
  },
  ...[1, 12, 40, 342, 1000].map((streams) => ({
    name: `${String(streams)} image streams`,
    render: (compose: Compose) => Promise.resolve(compose.renderUsage(inventMail(streams))),
  })),
  {
    name: 'four namespaces of a team',
    render: (compose) => {
      const names = ['a1b2c3-dev', 'a1b2c3-prod', 'a1b2c3-test', 'a1b2c3-tools'];
      return Promise.resolve(compose.renderUsage(mailOf(names.map((name) => inventNamespace(8, { name })))));
    },
  },
  {
    name: 'names as nobody would choose them',
    render: (compose) => {
      const names = { displayName: 'Zoë’s 🐳 {{team}}', environment: 'т'.repeat(400) };
      return Promise.resolve(compose.renderUsage(inventMail(3, names)));
    },
  },
];
