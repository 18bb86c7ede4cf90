import { checkNamedFiles } from '../app.ts';
import type { Config, Secrets } from '../config.ts';
import { formatCount, formatLimit, formatList } from '../usage/format.ts';
import { loadConfigFile } from './config-file.ts';
import type { GlobalOptions } from './options.ts';
import { layOut } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Checks the configuration and prints what it comes to; every fault at once, with exit code 2, when it has any. */
export const checkConfig = (terminal: Terminal, options: GlobalOptions): number => {
  const { config, secrets, path } = loadConfigFile(terminal, options.config);
  checkNamedFiles(config);
  const { mail, quota, recipients, schedule, smtp } = config;
  const rows = [
    ['schedule', `${schedule.cron} (${schedule.timeZone})`],
    ['quota', `${formatLimit(quota.default)}, ${formatCount(quota.rules.length, 'rule')}`],
    ['mail from', mail.from ?? 'not set: nothing can be sent'],
    [
      'mail may go to',
      recipients.allowedDomains.length === 0
        ? 'nobody: mail.allowedDomains is empty'
        : formatList(recipients.allowedDomains),
    ],
    [
      'mail server',
      smtp.host === null ? 'not set: nothing can be sent' : `${smtp.host}:${String(smtp.port)}`,
    ],
    ['redis', describeRedis(config, secrets)],
  ];
  terminal.out.write(
    path === null ? 'There is no configuration file; these are the defaults.\n\n' : `${path} is sound.\n\n`,
  );
  terminal.out.write(
    layOut(
      [
        { heading: 'SETTING', align: 'left' },
        { heading: 'VALUE', align: 'left' },
      ],
      rows,
    ),
  );
  return 0;
};

const describeRedis = ({ redis, dataDir }: Config, { redisUrl }: Secrets): string => {
  if (redisUrl !== null) return 'the one that REDIS_URL names';
  return redis.url ?? `its own, in ${dataDir}`;
};
