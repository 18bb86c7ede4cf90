import addressparser from 'nodemailer/lib/addressparser';
import MailComposer from 'nodemailer/lib/mail-composer';
import { AppError } from '../../errors.ts';
import type { OutgoingMessage, RenderedMail } from '../../pipeline/ports.ts';
import type { Delivery } from '../../pipeline/records.ts';

/** Whom mails come from and where answers go: `name@example.com` or `Name <name@example.com>`. */
export type Sender = { readonly from?: string | null; readonly replyTo?: string | null };

/**
 * Makes the function that turns a rendered mail into the bytes to be sent. Nothing in them depends on when or where
 * they are made: Message-ID, Date and boundaries come from the delivery.
 */
export const createBuild =
  (sender: Sender) =>
  async (rendered: RenderedMail, delivery: Delivery): Promise<OutgoingMessage> => {
    const { from, address, domain } = parseSender(sender);
    const message = new MailComposer({
      from,
      to: delivery.recipient.address,
      ...(sender.replyTo === null || sender.replyTo === undefined ? {} : { replyTo: sender.replyTo }),
      subject: rendered.subject,
      messageId: `<${delivery.id}@${domain}>`,
      date: new Date(delivery.date),
      headers: {
        // RFC 3834 and its Exchange counterpart: no out-of-office answers, please.
        'Auto-Submitted': 'auto-generated',
        'X-Auto-Response-Suppress': 'DR, RN, NRN, OOF, AutoReply',
        'List-Id': `<${listLabel(delivery)}.quotagram.${domain}>`,
      },
      text: rendered.text,
      html: rendered.html,
      encoding: 'quoted-printable',
      attachments: rendered.attachments.map((attachment) => ({
        ...attachment,
        contentTransferEncoding: 'quoted-printable',
      })),
      // RFC 2046 allows 70 characters, of which nodemailer adds 14.
      baseBoundary: delivery.id.slice(0, 32),
      newline: 'win',
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return {
      envelope: { from: address, to: delivery.recipient.address },
      bytes: await message.compile().build(),
    };
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

/** One label of a domain name per team, so that readers can filter (RFC 2919). */
const listLabel = ({ kind, teamId }: Delivery): string =>
  kind === 'run-summary'
    ? kind
    : teamId
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .slice(0, 63)
        .replace(/^-|-$/g, '') || 'team';
