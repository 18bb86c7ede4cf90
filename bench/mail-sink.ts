import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import type { SunkMail } from './sunk-mail.ts';

/**
 * A mail server that does next to nothing, so that whoever sends is what takes time. Prints its port. When its standard
 * input ends it writes all mails as JSON to the file that its argument names, and ends.
 */
const GREETING = '220 sink ESMTP\r\n';
const OFFERS = '250-sink\r\n250-8BITMIME\r\n250-DSN\r\n250 SIZE 52428800\r\n';
const END = '\r\n.\r\n';

/** A mail before it is needed as text. */
type Taken = Omit<SunkMail, 'source'> & { readonly chunks: readonly Buffer[] };

/** One connection. Clients wait for each answer, so that a chunk is either commands or a part of a message. */
const hold = (socket: Socket, keep: (mail: Taken) => void): void => {
  let [from, to] = ['', ''];
  let chunks: Buffer[] | null = null;
  let tail = '';
  const answer = (command: string): string => {
    switch (command.slice(0, 4).toUpperCase()) {
      case 'EHLO':
        return OFFERS;
      case 'MAIL':
        from = pathOf(command);
        return '250 sender\r\n';
      case 'RCPT':
        to = pathOf(command);
        return '250 recipient\r\n';
      case 'DATA':
        [chunks, tail] = [[], ''];
        return '354 go ahead\r\n';
      default:
        return '250 well\r\n';
    }
  };
  socket.on('error', () => {}); // a peer that goes away is its own affair
  socket.setNoDelay().write(GREETING);
  socket.on('data', (chunk) => {
    if (chunks === null) {
      for (const command of chunk.toString('latin1').split('\r\n').slice(0, -1))
        socket.write(answer(command));
      return;
    }
    chunks.push(chunk);
    tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - END.length))).slice(-END.length);
    if (tail !== END) return;
    keep({ from, to, chunks });
    chunks = null;
    socket.write('250 sunk\r\n');
  });
};

const pathOf = (command: string): string => /<([^>]*)>/.exec(command)?.[1] ?? '';

/** As it was before it was sent: without the dot that ends it, and without those that SMTP puts before others. */
const sourceOf = (chunks: readonly Buffer[]): string =>
  Buffer.concat(chunks).toString('latin1').slice(0, -3).replaceAll('\r\n..', '\r\n.');

const [, , file = ''] = process.argv;
const mails: Taken[] = [];
const server = createServer((socket) => hold(socket, (mail) => mails.push(mail)));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(address !== null && typeof address === 'object' ? address.port : 0);
});
process.stdin.resume().on('end', () => {
  const sunk = mails.map(({ from, to, chunks }): SunkMail => ({ from, to, source: sourceOf(chunks) }));
  writeFileSync(file, JSON.stringify(sunk));
  process.exit();
});
