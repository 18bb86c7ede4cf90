import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of loopback that nobody listens on right now. */
export const findFreePort = async (): Promise<number> => {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  if (address === null || typeof address === 'string') throw new Error('The listener has no port');
  return address.port;
};
