/** Where a Redis server is and how to log in there. */
export type RedisAddress = {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte: `rediss://`. */
  readonly tls: boolean;
  /** null: the default user. */
  readonly user: string | null;
  readonly password: string | null;
  /** The number of the database. */
  readonly database: number;
  /** The address without user and password, as people may see it. */
  readonly shown: string;
};

const DEFAULT_PORT = 6379;

/**
 * Reads a URL of one Redis server: `redis[s]://[[user]:password@]host[:port][/database]`. Every part that would not be
 * heeded is a fault; the fault begins with “must” and quotes nothing, because a password may stand anywhere.
 */
export const parseRedisUrl = (
  text: string,
): { readonly address: RedisAddress } | { readonly fault: string } => {
  if (!/^rediss?:\/\//i.test(text)) {
    return {
      fault:
        'must be redis://host:6379, or rediss://host:6379 for TLS (Sentinel, Redis Cluster and unix sockets are not supported)',
    };
  }
  if (/,/.test(text.slice(text.lastIndexOf('@') + 1))) {
    return { fault: 'must name one server (lists of sentinels or of cluster nodes are not supported)' };
  }
  const url = URL.parse(text);
  if (url === null || url.port === '0' || /@/.test(url.pathname + url.search + url.hash)) {
    return {
      fault:
        'must be a URL such as redis://user:password@host:6379/0 (in a password, / is written %2F, @ %40, # %23 and ? %3F)',
    };
  }
  if (url.hostname === '') return { fault: 'must name the host' };
  if (url.search !== '' || url.hash !== '') {
    return { fault: 'must end after the number of the database (options behind ? or # are not supported)' };
  }
  const [, database] = /^\/?(\d{0,6})$/.exec(url.pathname) ?? [];
  if (database === undefined) {
    return { fault: 'must have nothing after the host, or the number of a database such as /0' };
  }
  const [user, password] = [decode(url.username), decode(url.password)];
  if (user === null || password === null) return { fault: 'must write % itself as %25 in user and password' };
  if (user !== '' && password === '') return { fault: 'must have a password where it names a user' };
  return {
    address: {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
      tls: url.protocol === 'rediss:',
      user: user || null,
      password: password || null,
      database: Number(database),
      shown: `${url.protocol}//${url.host}${url.pathname}`,
    },
  };
};

const decode = (text: string): string | null => {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
};
