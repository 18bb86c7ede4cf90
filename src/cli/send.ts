import { createApp, createReporter } from '../app.ts';
import type { Reporter } from '../app.ts';
import { AppError } from '../errors.ts';
import { formatCount } from '../usage/format.ts';
import { loadConfigFile, loadSendingConfig } from './config-file.ts';
import { surroundingsOf } from './options.ts';
import type { GlobalOptions } from './options.ts';
import { showProgress } from './progress.ts';
import { layOut } from './table.ts';
import type { Column } from './table.ts';
import { EXIT_PARTIAL } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export type SendOptions = GlobalOptions & {
  readonly namespace: readonly string[];
  readonly to?: readonly string[];
  readonly yes?: boolean;
};

/** Sends the mails of these namespaces now, apart from any run; without `--yes` it only shows what would go out. */
export const sendNow = (terminal: Terminal, options: SendOptions): Promise<number> =>
  options.yes === true ? send(terminal, options) : show(terminal, options);

const show = async (terminal: Terminal, options: SendOptions): Promise<number> => {
  const { config } = loadConfigFile(terminal, options.config);
  const progress = showProgress(terminal.err);
  await using reporter = await createReporter(config, surroundingsOf(terminal, options, progress));
  const oneOff = await reporter.prepareOneOff(requestOf(options));
  progress.end();
  terminal.out.write(previewText(oneOff));
  terminal.err.write(
    `Dry run: nothing was sent. To send ${formatCount(oneOff.mails.length, 'mail')}, add --yes.\n`,
  );
  return 0;
};

const send = async (terminal: Terminal, options: SendOptions): Promise<number> => {
  const loaded = loadSendingConfig(terminal, options.config);
  const progress = showProgress(terminal.err);
  await using app = await createApp(loaded, surroundingsOf(terminal, options, progress), {
    roles: ['collector', 'mailer'],
    connectOnly: false,
    log: null,
  });
  await app.verifyTransport();
  const oneOff = await app.prepareOneOff(requestOf(options));
  progress.end();
  // From here on one Ctrl-C comes too late: it must not cut a mail in two.
  terminal.heedInterrupts();
  const ended = await app.sendOneOff(oneOff);
  const rows = ended.map(({ recipient, namespaces, state, detail }) => [
    recipient.address,
    namespaces.join(', '),
    state,
    detail ?? '',
  ]);
  terminal.out.write(layOut(COLUMNS, rows));
  return ended.every(({ state }) => state === 'submitted') ? 0 : EXIT_PARTIAL;
};

const COLUMNS: readonly Column[] = [
  { heading: 'RECIPIENT', align: 'left' },
  { heading: 'NAMESPACES', align: 'left' },
  { heading: 'MAIL', align: 'left' },
  { heading: 'THE SERVER SAID', align: 'left' },
];

const requestOf = ({ namespace, to = [] }: SendOptions) => ({ namespaces: namespace, to });

type OneOff = Awaited<ReturnType<Reporter['prepareOneOff']>>;

/** Each mail once, under everyone who would get it. */
const previewText = ({ mails }: OneOff): string =>
  [...Map.groupBy(mails, ({ delivery }) => delivery.namespaces.join(' ')).values()]
    .map(previewMail)
    .join(`\n${'='.repeat(78)}\n\n`);

const previewMail = (alike: OneOff['mails']): string => {
  const [first] = alike;
  if (first === undefined) throw new AppError('internal', 'a one-off without mails');
  return [
    ...alike.map(({ delivery: { recipient } }) => `To: ${recipient.address} (${recipient.rule})\n`),
    `Subject: ${first.rendered.subject}\n`,
    `Attached: ${first.rendered.attachments.map(({ filename }) => filename).join(', ')}\n\n`,
    first.rendered.text,
  ].join('');
};
