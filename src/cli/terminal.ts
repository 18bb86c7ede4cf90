import { setImmediate as nextTurn } from 'node:timers/promises';
import { styleText } from 'node:util';
import { EXIT_CODES, toAppError } from '../errors.ts';
import type { AppError } from '../errors.ts';

/** Where a command writes and reads: data to `out`, progress and problems to `err`. */
export type Terminal = {
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * From now on Ctrl-C and SIGTERM abort this signal; before, they end the process at once, as befits a command that only
   * reads.
   */
  readonly heedInterrupts: () => AbortSignal;
};

/** Exit codes beside those of errors: some namespaces or mails failed; stopped by Ctrl-C, as shells have it. */
export const EXIT_PARTIAL = 3;
export const EXIT_INTERRUPTED = 130;

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

/** Colours text for one stream: only on a terminal, never with NO_COLOR. */
export const paint = (stream: Terminal['out'], style: Style, text: string): string =>
  stream.isTTY === true ? styleText(style, text, { stream }) : text;

/** Text that teams or servers wrote, without what could steer a terminal or turn its text around. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');

/** Writes piece after piece, no faster than they are read; stops, without a fault, when nobody reads any more. */
export const writeAll = async (out: Terminal['out'], pieces: Iterable<string>): Promise<void> => {
  for (const piece of pieces) {
    if (!out.writable) return;
    if (!out.write(piece)) await untilRoom(out);
    // Lets a fault of the stream be heard of.
    await nextTurn();
  }
};

const untilRoom = (out: Terminal['out']): Promise<void> =>
  new Promise((resolve) => {
    const events = ['drain', 'close', 'error'];
    const end = (): void => {
      for (const event of events) out.off(event, end);
      resolve();
    };
    for (const event of events) out.once(event, end);
  });

/** Takes away the line that counts along, if there is one; nothing where it cannot be seen. */
export const clearLine = (stream: Terminal['err']): string => (stream.isTTY === true ? '\r\u001B[K' : '');

/** Prints a warning on a line of its own. */
export const reportWarning = (err: Terminal['err'], warning: string): void => {
  err.write(`${clearLine(err)}${paint(err, 'yellow', 'warning:')} ${printable(warning)}\n`);
};

/** Prints what went wrong and what to do next, never a stack trace, and returns the exit code. */
export const reportError = (terminal: Terminal, thrown: unknown): number => {
  const error = toAppError(thrown);
  const message = error.message.split('\n').map(printable).join('\n');
  terminal.err.write(`${clearLine(terminal.err)}${paint(terminal.err, 'red', 'error:')} ${message}\n`);
  for (const line of hintOf(error)) terminal.err.write(`  ${printable(line)}\n`);
  return EXIT_CODES[error.code];
};

const hintOf = (error: AppError): readonly string[] => {
  if (error.hint !== null) return error.hint.split('\n');
  return error.code === 'internal'
    ? ['This is a defect of Quotagram; please report it with the command you ran.']
    : [];
};
