import { readFileSync } from 'node:fs';
import nodemailer from 'nodemailer';
import { startMeter, tellResult } from './meter.ts';
import { sunkMailsSchema } from './sunk-mail.ts';

/**
 * The least that sending takes: messages that are ready, through nodemailer's pool. Arguments: the file that the sink
 * wrote, the server's port, how many connections.
 */
const [, , file = '', port = '', connections = ''] = process.argv;
const mails = sunkMailsSchema
  .parse(JSON.parse(readFileSync(file, 'utf8')))
  .map(({ from, to, source }) => ({ envelope: { from, to: [to] }, raw: Buffer.from(source, 'latin1') }));
const transport = nodemailer.createTransport({
  host: '127.0.0.1',
  port: Number(port),
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Infinity,
});
const meter = startMeter();
await Promise.all(mails.map((mail) => transport.sendMail(mail)));
const reading = meter.read();
transport.close();
const bytes = mails.reduce((sum, { raw }) => sum + raw.length, 0);
tellResult({ reading, phases: {}, counts: { mails: mails.length, bytes } });
