import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startApiServer } from './api-server.ts';
import { startSmtpCatcher } from './smtp-catcher.ts';

/**
 * `npm run demo`: a recorded cluster and a mail server on loopback, and the real `quotagram run` between them. The demo
 * has no way of its own around the product; what it shows is what a cluster gets.
 */
const FOLDER = join('out', 'demo');
const MAILS = join(FOLDER, 'mails');
const TOKEN = 'sha256~demo';
/** The cluster was recorded on the day it was filled; so its tags are old enough to be proposed for deletion. */
const AGED_DAYS = 21;

const main = async (): Promise<number> => {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(MAILS, { recursive: true });
  await using api = await startApiServer({ token: TOKEN, agedDays: AGED_DAYS });
  await using smtp = await startSmtpCatcher({ directory: MAILS });
  const kubeconfig = join(FOLDER, 'kubeconfig');
  const config = join(FOLDER, 'quotagram.yaml');
  await writeFile(kubeconfig, kubeconfigText(api.url));
  await writeFile(config, configText(smtp.port));
  console.log(
    `A recorded cluster (its dates moved back by ${String(AGED_DAYS)} days) answers on ${api.url},\n` +
      `a mail server on port ${String(smtp.port)}. Between them runs the real \`quotagram run\`:\n`,
  );

  const launcher = fileURLToPath(new URL('../bin/quotagram.js', import.meta.url));
  // Its own Redis in its own folder, whatever the environment says.
  const { REDIS_URL: _, ...env } = process.env;
  const run = spawn(process.execPath, [launcher, 'run', '--config', config, '--kubeconfig', kubeconfig], {
    stdio: 'inherit',
    env,
  });
  const [code] = await once(run, 'exit');
  if (code !== 0) return typeof code === 'number' ? code : 1;

  const pages = (await readdir(MAILS)).filter((name) => name.endsWith('.html')).toSorted();
  console.log(
    `\n${String(pages.length)} mails lie in ${MAILS}, each as .eml and .html. Open one in a browser:`,
  );
  for (const mail of ['-a1b2c3-tools-owner', '-staff@']) {
    const page = pages.find((name) => name.includes(mail));
    if (page !== undefined) console.log(`  ${join(MAILS, page)}`);
  }
  console.log(`The configuration of this run is ${config}.`);
  return 0;
};

const kubeconfigText = (server: string): string => `apiVersion: v1
kind: Config
current-context: demo
clusters:
  - name: silver
    cluster: { server: "${server}", insecure-skip-tls-verify: true }
users:
  - name: quotagram
    user: { token: "${TOKEN}" }
contexts:
  - name: demo
    context: { cluster: silver, user: quotagram }
`;

const configText = (
  smtpPort: number,
): string => `# Written by npm run demo; quotagram.example.yaml explains every key.
cluster: { name: Silver, apiUrl: "https://api.silver.example.test:6443" }
quota:
  default: 1Gi
  rules:
    - { match: { labels: { environment: dev } }, limit: 512Mi }
    - { match: { labels: { environment: test } }, limit: 512Mi }
mail:
  from: registry@platform.example.test
  replyTo: help@platform.example.test
  allowedDomains: [example.test, "*.example.test"]
  perSecond: 50
  help: { text: "#registry-help on the platform chat", url: "https://chat.example.test/registry-help" }
  docs: { url: "https://docs.example.test/registry" }
smtp: { host: 127.0.0.1, port: ${String(smtpPort)} }
summary: { to: staff@platform.example.test }
dataDir: ${join(FOLDER, 'data')}
`;

process.exitCode = await main();
