import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { AppError } from '../errors.ts';
import type { MailLintOptions } from './mail-lint.ts';
import type { BouncesOptions } from './bounces.ts';
import type { MailPreviewOptions } from './mail-preview.ts';
import { OUTPUTS, ROLES } from './options.ts';
import type { GlobalOptions, Role } from './options.ts';
import type { ReportOptions } from './report.ts';
import type { RunOptions } from './run.ts';
import type { SendOptions } from './send.ts';
import type { StartOptions } from './start.ts';
import { reportError } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import type { VerifyOptions } from './verify.ts';

const EXIT_CODES_HELP = `
Exit codes: 0 ok; 1 error; 2 wrong usage or configuration; 3 some namespaces or mails failed; 4 refused by policy.
Data goes to stdout, progress and problems to stderr. NO_COLOR turns colours off.`;

const REGISTRY_HELP = `
Credentials for the registry come from the environment: REGISTRY_TOKEN (OpenShift: the output of \`oc whoami -t\`), or
REGISTRY_USER and REGISTRY_PASSWORD; REGISTRY_TOKEN_FILE and REGISTRY_PASSWORD_FILE name a file that holds the secret.
Exit code 3: something differs or could not be asked.`;

const IMAP_HELP = `
The password of the mailbox comes from IMAP_PASSWORD, or from the file that IMAP_PASSWORD_FILE names. Run it before each
weekly run: the run summary lists whose mail came back.`;

/** The command line. Ends the process when the command has ended. */
export const main = async (): Promise<void> => {
  const terminal: Terminal = {
    out: process.stdout,
    err: process.stderr,
    env: process.env,
    heedInterrupts,
  };
  process.stdout.on('error', (fault: NodeJS.ErrnoException) => {
    // A reader that has seen enough (head, less) is no error.
    if (fault.code === 'EPIPE') return;
    process.exit(
      reportError(terminal, new AppError('unavailable', `stdout takes no more: ${fault.message}`)),
    );
  });
  // Nobody can be told, and a run that ended in the middle for that would block the next one.
  process.stderr.on('error', () => {});
  const exitCode = await runCommandLine(terminal, process.argv.slice(2));
  await Promise.all([process.stdout, process.stderr].map(flush));
  // By itself the process would end seconds later: BullMQ and ioredis go on waiting for a Redis that is gone.
  process.exit(exitCode);
};

/** Resolves when all that was written is out, or cannot get out. */
const flush = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()));

const heedInterrupts = (): AbortSignal => {
  const interruption = new AbortController();
  // Once: a second Ctrl-C ends the process at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  return interruption.signal;
};

/** Runs one command and returns its exit code. */
const runCommandLine = async (terminal: Terminal, args: readonly string[]): Promise<number> => {
  let exitCode = 0;
  const program = createProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    // Commander has said what was wrong.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    return reportError(terminal, thrown);
  }
};

/** Each command's module, and with it the vendors' libraries, is loaded only when that command runs. */
const createProgram = (terminal: Terminal, exitWith: (code: number) => void): Command => {
  const program = new Command('quotagram')
    .description(packageJson.description)
    .version(packageJson.version)
    .option('--config <file>', 'configuration (else QUOTAGRAM_CONFIG, else ./quotagram.yaml)')
    .option('--kubeconfig <file>', 'kubeconfig (else KUBECONFIG, else ~/.kube/config, else the pod’s own)')
    .option('--context <name>', 'context of the kubeconfig (else its current one)')
    .addHelpText('after', EXIT_CODES_HELP)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Try --help.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
    });

  const command = (parent: Command, usage: string, description: string): Command =>
    parent.command(usage).description(description);

  command(program, 'report', 'weigh namespaces now and print the report; needs only a kubeconfig')
    .option('-n, --namespace <name>', 'a namespace, as often as needed', collectValues)
    .option('-A, --all-namespaces', 'all namespaces that the configuration selects')
    .addOption(new Option('-o, --output <form>', 'form of the report').choices(OUTPUTS).default('table'))
    .action(async (_, self: Command) => {
      const { printReport } = await import('./report.ts');
      exitWith(await printReport(terminal, self.optsWithGlobals<ReportOptions>()));
    });

  command(program, 'verify', 'recount a namespace’s report by other code, and ask the registry itself')
    .requiredOption('-n, --namespace <name>', 'a namespace, as often as needed', collectValues)
    .option(
      '--registry <url>',
      'ask this registry for every blob that counts; auto: the cluster’s own, at the public address that image streams state',
    )
    .addOption(
      new Option('-o, --output <form>', 'form of the result; json is an object a namespace')
        .choices(['table', 'json'])
        .default('table'),
    )
    .addHelpText('after', REGISTRY_HELP)
    .action(async (_, self: Command) => {
      const { verifyNow } = await import('./verify.ts');
      exitWith(await verifyNow(terminal, self.optsWithGlobals<VerifyOptions>()));
    });

  command(program, 'run', 'weigh the cluster, mail the teams over quota and sum it up')
    .option('--slot <slot>', 'run (or go on with) the weekly slot of that date, e.g. weekly-2026-11-23')
    .option('--dry-run', 'claim and send nothing; write the mails to files')
    .option(
      '--out <folder>',
      'where a dry run writes; replaces what an earlier one left (default: out/dry-run)',
    )
    .action(async (_, self: Command) => {
      const { runOnce } = await import('./run.ts');
      exitWith(await runOnce(terminal, self.optsWithGlobals<RunOptions>()));
    });

  command(program, 'send', 'send a namespace’s mail now, apart from any run; only shows it without --yes')
    .requiredOption('-n, --namespace <name>', 'a namespace, as often as needed', collectValues)
    .option('--to <address>', 'send to this address instead of the namespaces’ own recipients', collectValues)
    .option('--yes', 'really send')
    .action(async (_, self: Command) => {
      const { sendNow } = await import('./send.ts');
      exitWith(await sendNow(terminal, self.optsWithGlobals<SendOptions>()));
    });

  command(program, 'start', 'work until told to stop: run every week, mail, or one part of it')
    .argument('[role]', `one of ${ROLES.join(', ')}; all of them when left out`, parseRole)
    .option(
      '--metrics <address>',
      'serve metrics for Prometheus at [host:]port; without a host to this machine only',
    )
    .action(async (role: Role | undefined, _, self: Command) => {
      const { startRoles } = await import('./start.ts');
      exitWith(await startRoles(terminal, role, self.optsWithGlobals<StartOptions>()));
    });

  command(program, 'bounces', 'read notices of failure and mark whose mail came back; changes no mailbox')
    .option('--maildir <folder>', 'the Maildir that they come to (see mail.bounces)')
    .option('--imap <url>', 'or an IMAP folder: imaps://user@host[:port][/folder]')
    .addHelpText('after', IMAP_HELP)
    .action(async (_, self: Command) => {
      const { readBounces } = await import('./bounces.ts');
      exitWith(await readBounces(terminal, self.optsWithGlobals<BouncesOptions>()));
    });

  const mail = command(program, 'mail', 'look at the mails and check their templates');
  command(mail, 'preview', 'compose namespaces’ mails and serve them to a browser on this machine')
    .requiredOption('-n, --namespace <name>', 'a namespace, as often as needed', collectValues)
    .option('--open', 'open the browser')
    .action(async (_, self: Command) => {
      const { previewMails } = await import('./mail-preview.ts');
      exitWith(await previewMails(terminal, self.optsWithGlobals<MailPreviewOptions>()));
    });
  command(mail, 'lint', 'check templates and branding on samples: one line for each finding')
    .option('--templates <folder>', 'check this folder instead of templates.dir of the configuration')
    .action(async (_, self: Command) => {
      const { lintTemplates } = await import('./mail-lint.ts');
      exitWith(await lintTemplates(terminal, self.optsWithGlobals<MailLintOptions>()));
    });

  const config = command(program, 'config', 'look after the configuration');
  command(config, 'check', 'check the configuration and say what it comes to').action(
    async (_, self: Command) => {
      const { checkConfig } = await import('./config.ts');
      exitWith(await checkConfig(terminal, self.optsWithGlobals<GlobalOptions>()));
    },
  );
  return program;
};

const collectValues = (value: string, earlier: readonly string[] = []): readonly string[] => [
  ...earlier,
  value,
];

const parseRole = (text: string): Role => {
  const role = ROLES.find((name) => name === text);
  if (role === undefined) throw new InvalidArgumentError(`It is one of ${ROLES.join(', ')}.`);
  return role;
};
