import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The first step of `npm test` and `npm run demo`: says nothing where a Redis can be had, installs one where that needs
 * no question (root on a Debian-like system), else ends with exit code 1 and names the ways to get one.
 */

const isOnPath = (command: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

const hasRedis = (): boolean =>
  Boolean(process.env['REDIS_URL']) || isOnPath('redis-server') || isOnPath('valkey-server');

/** Installs the package without starting its service, which would listen on port 6379 with stock settings. */
const INSTALL = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' >"$policy"
  chmod 755 "$policy"
fi
apt-get update && apt-get install -y --no-install-recommends redis-server
`;

const stop = (reason: string): never => {
  process.stderr.write(
    `${reason}: apt-get install redis-server, brew install redis, or set REDIS_URL, then try again.\n`,
  );
  process.exit(1);
};

if (!hasRedis()) {
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) stop('There is no redis-server on PATH');
  process.stderr.write('There is no redis-server on PATH: installing it with apt-get.\n');
  const installation = spawnSync('sh', ['-c', INSTALL], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (installation.status !== 0 || !hasRedis()) {
    process.stderr.write(`${installation.stdout}${installation.stderr}`);
    stop('redis-server could not be installed');
  }
}
