import { describe, expect, test } from 'vitest';
import { hasSpamassassin, judgeSpam } from '../../sandbox/spamassassin.ts';
import { createCompose } from '../../src/adapters/mail/compose.ts';
import type { Delivery } from '../../src/pipeline/records/delivery.ts';
import { DELIVERY as INVENTED } from '../adapters/mail/invented.ts';
import { MAIL_FIXTURES } from './fixtures.ts';

describe.skipIf(!hasSpamassassin)(
  hasSpamassassin
    ? 'in the eyes of SpamAssassin'
    : 'in the eyes of SpamAssassin (apt-get install spamassassin)',
  () => {
    test('every mail stays below 1, and a mail that should not does not', { timeout: 120_000 }, async () => {
      const compose = await createCompose({
        mail: { from: 'Image registry <registry@platform.example.test>' },
      });
      const messages = await Promise.all(
        MAIL_FIXTURES.map(async (fixture) => compose.build(await fixture.render(compose), DELIVERY)),
      );
      const verdicts = await judgeSpam([...messages.map(({ bytes }) => Buffer.from(bytes)), BAIT]);
      const bait = verdicts.at(-1);
      expect(bait?.score).toBeGreaterThan(5);
      const named = MAIL_FIXTURES.map(({ name }, index) => ({ name, ...verdicts[index] }));
      expect(named.filter(({ score = Infinity }) => score >= 1)).toEqual([]);
    });
  },
);

const DELIVERY: Delivery = {
  ...INVENTED,
  recipient: { ...INVENTED.recipient, address: 'mira@team.example.test' },
};

const BAIT = Buffer.from(
  [
    'From: <win@platform.example.test>',
    'To: undisclosed-recipients:;',
    'Subject: YOU HAVE WON $1,000,000 DOLLARS!!!',
    'MIME-Version: 1.0',
    'Content-Type: text/html',
    '',
    '<font color="#ffffff" size="1">viagra</font> <a href="http://192.0.2.1/">Dear friend, click here, act now: this offer is risk free, 100% free!</a>',
    '',
  ].join('\r\n'),
);
