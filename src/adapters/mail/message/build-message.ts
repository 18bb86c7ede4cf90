import addressparser from 'nodemailer/lib/addressparser';
import MailComposer from 'nodemailer/lib/mail-composer';
import { AppError } from '../../../errors.ts';
import type { OutgoingMessage, RenderedMail } from '../../../pipeline/ports.ts';
import { bounceIdOf } from '../../../pipeline/bounces/bounces.ts';
import type { Delivery, Thread } from '../../../pipeline/records/delivery.ts';
import { createSigner } from './dkim.ts';
import type { DkimOptions } from './dkim.ts';
import { hashId } from './hash-id.ts';
import { writeMessage } from './write-message.ts';

/** Whom mails come from and where answers go: `name@example.com` or `Name <name@example.com>`. */
export type Sender = {
  readonly from?: string | null;
  readonly replyTo?: string | null;
  /** Where notices of failure go, each with the delivery in its address; null: to `from`, as it is. */
  readonly bounces?: string | null;
  readonly dkim?: DkimOptions | null;
};

/**
 * Makes the function that turns a rendered mail into the bytes to be sent. Nothing in them depends on when or where
 * they are made: Message-ID, Date and boundaries come from the delivery.
 * @throws AppError `invalid` for a DKIM key that cannot be used
 */
export const createBuild = (sender: Sender) => {
  const sign = sender.dkim === null || sender.dkim === undefined ? null : createSigner(sender.dkim);
  return async (rendered: RenderedMail, delivery: Delivery): Promise<OutgoingMessage> => {
    const { address } = parseSender(sender);
    const bytes = composeMessage(sender, rendered, delivery);
    return {
      envelope: {
        from: returnPath(sender.bounces ?? null, delivery) ?? address,
        to: delivery.recipient.address,
        id: delivery.id,
      },
      bytes: sign === null ? bytes : await sign(bytes),
    };
  };
};

const composeMessage = (sender: Sender, rendered: RenderedMail, delivery: Delivery): Buffer => {
  const { from, domain } = parseSender(sender);
  const { thread } = delivery;
  const message = new MailComposer({
    from,
    to: delivery.recipient.address,
    ...(sender.replyTo === null || sender.replyTo === undefined ? {} : { replyTo: sender.replyTo }),
    subject: rendered.subject,
    messageId: `<${delivery.id}@${domain}>`,
    ...(thread === null ? {} : { references: referencesOf(thread).map((id) => `<${id}@${domain}>`) }),
    date: new Date(delivery.date),
    headers: {
      // RFC 3834 and its Exchange counterpart: no out-of-office answers, please.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'DR, RN, NRN, OOF, AutoReply',
      'List-Id': `<${[...listLabels(delivery, rendered.cluster), 'quotagram', domain].join('.')}>`,
    },
    text: rendered.text,
    html: rendered.html,
    encoding: 'quoted-printable',
    attachments: rendered.attachments.map(({ content, ...attachment }) =>
      typeof content === 'string'
        ? { ...attachment, content, contentTransferEncoding: 'quoted-printable' as const }
        : { ...attachment, content: Buffer.from(content), contentTransferEncoding: 'base64' as const },
    ),
    // RFC 2046 allows 70 characters, of which nodemailer adds 14.
    baseBoundary: delivery.id.slice(0, 32),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return writeMessage(message.compile());
};

const parseSender = ({ from }: Sender) => {
  const [parsed] = addressparser(from ?? '', { flatten: true });
  const address = parsed?.address ?? '';
  const domain = address.slice(address.lastIndexOf('@') + 1);
  if (from === null || from === undefined || domain === '' || domain === address) {
    throw new AppError('invalid', 'No mail can be built: there is no sender.', {
      hint: 'Set mail.from in the configuration, such as "Image registry <registry@example.com>".',
    });
  }
  return { from, address, domain };
};

/** `bounces+0123…@example.com` (VERP). */
const returnPath = (bounces: string | null, delivery: Delivery): string | null =>
  bounces === null ? null : bounces.replace(/(?=@[^@]*$)/, `+${bounceIdOf(delivery)}`);

/**
 * Root and predecessor: mail programs show what follows either as one thread, though the reader may have deleted all
 * mails before. There is no In-Reply-To, which is for answers (RFC 5322, 3.6.4); this one answers nothing.
 */
const referencesOf = ({ id, last }: Thread): readonly string[] => (last === null ? [id] : [id, last]);

/**
 * A list per team and cluster, so that readers can filter (RFC 2919): the mails of two clusters may leave from one domain.
 * The cluster is left out where it is not known.
 */
const listLabels = ({ kind, teamId }: Delivery, cluster: RenderedMail['cluster']): readonly string[] => [
  kind === 'run-summary' ? kind : (asLabel(teamId.replace(':', '-')) ?? hashedLabel(teamId)),
  ...(cluster === undefined ? [] : [asLabel(cluster) ?? hashedLabel(cluster)]),
];

/** A name that can be a label of a domain name as it is; else null. */
const asLabel = (name: string): string | null =>
  /^[a-z0-9-]{1,63}$/.test(name) && !/^-|-$/.test(name) ? name : null;

/** What is left of a name, and the start of its hash: no two names share a label. */
const hashedLabel = (name: string): string => {
  const start = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 46)
    .replace(/^-|-$/g, '');
  return `${start === '' ? '' : `${start}-`}${hashId(name).slice(0, 16)}`;
};
