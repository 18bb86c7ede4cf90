import { checkNamedFiles } from '../app.ts';
import type { Config, Secrets } from '../config.ts';
import { formatCount, formatLimit, formatList } from '../usage/format.ts';
import { loadConfigFile } from './config-file.ts';
import type { GlobalOptions } from './options.ts';
import { layOut } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Checks the configuration and prints what it comes to; every fault at once, with exit code 2, when it has any. */
export const checkConfig = async (terminal: Terminal, options: GlobalOptions): Promise<number> => {
  const { config, secrets, path } = loadConfigFile(terminal, options.config);
  await checkNamedFiles(config);
  const { mail, quota, recipients, schedule, smtp, templates } = config;
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
    ...(templates.dir === null ? [] : [['templates', `those of ${templates.dir}, else the built-in ones`]]),
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
