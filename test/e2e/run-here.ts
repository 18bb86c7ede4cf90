import { join } from 'node:path';
import { Writable } from 'node:stream';
import { runOnce } from '../../src/cli/run.ts';
import { reportError } from '../../src/cli/terminal.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import type { CommandOptions, Ended } from './command-line.ts';

/**
 * What the program does for `run` (`slot: null`: by hand) in a folder with its configuration, but in this process: that
 * is quicker, and hears of a mocked clock.
 */
export const runHere = async (
  slot: string | null,
  { cwd, env = {} }: Pick<CommandOptions, 'cwd' | 'env'>,
): Promise<Ended> => {
  const [out, err] = [capture(), capture()];
  const terminal: Terminal = {
    out: out.stream,
    err: err.stream,
    env,
    heedInterrupts: () => new AbortController().signal,
  };
  const options = { config: join(cwd, 'quotagram.yaml'), ...(slot !== null && { slot }) };
  const exitCode = await runOnce(terminal, options).catch((thrown) => reportError(terminal, thrown));
  return { exitCode, stdout: out.text(), stderr: err.text() };
};

const capture = () => {
  let text = '';
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  return { stream, text: () => text };
};
