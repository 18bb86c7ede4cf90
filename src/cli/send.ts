import { createApp, createReporter } from '../app.ts';
import type { Reporter } from '../app.ts';
import { AppError } from '../errors.ts';
import { formatCount } from '../usage/format.ts';
import { loadConfigFile, loadSendingConfig } from './config-file.ts';
import { surroundingsOf } from './options.ts';
import type { GlobalOptions } from './options.ts';
import { showProgress } from './progress.ts';
import { layOut } from './table.ts';
import { EXIT_PARTIAL } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export type SendOptions = GlobalOptions & {
  readonly namespace: string;
  readonly to?: readonly string[];
  readonly yes?: boolean;
};

/** Sends one namespace's mail now, apart from any run; without `--yes` it only shows what would go out. */
export const sendNow = async (terminal: Terminal, options: SendOptions): Promise<number> => {
  const isReal = options.yes === true;
  const loaded = (isReal ? loadSendingConfig : loadConfigFile)(terminal, options.config);
  const progress = showProgress(terminal.err);
  const surroundings = surroundingsOf(terminal, options, progress);
  await using reporter = await createReporter(loaded.config, surroundings);
  const oneOff = await reporter.prepareOneOff({ namespaces: [options.namespace], to: options.to ?? [] });
  progress.end();
  if (!isReal) {
    terminal.out.write(previewText(oneOff));
    terminal.err.write(
      `Dry run: nothing was sent. To send ${formatCount(oneOff.mails.length, 'mail')}, add --yes.\n`,
    );
    return 0;
  }
  await using app = await createApp(loaded, surroundings, { roles: [], connectOnly: false, log: null });
  await app.verifyTransport();
  const ended = await app.sendOneOff(oneOff);
  const rows = ended.map(({ recipient, state, detail }) => [recipient.address, state, detail ?? '']);
  terminal.out.write(
    layOut(
      [
        { heading: 'RECIPIENT', align: 'left' },
        { heading: 'MAIL', align: 'left' },
        { heading: 'THE SERVER SAID', align: 'left' },
      ],
      rows,
    ),
  );
  return ended.every(({ state }) => state === 'submitted') ? 0 : EXIT_PARTIAL;
};

type OneOff = Awaited<ReturnType<Reporter['prepareOneOff']>>;

const previewText = ({ mails }: OneOff): string => {
  const [first] = mails;
  if (first === undefined) throw new AppError('internal', 'a one-off without mails');
  return [
    ...mails.map(({ delivery: { recipient } }) => `To: ${recipient.address} (${recipient.rule})\n`),
    `Subject: ${first.rendered.subject}\n`,
    `Attached: ${first.rendered.attachments.map(({ filename }) => filename).join(', ')}\n\n`,
    first.rendered.text,
  ].join('');
};
