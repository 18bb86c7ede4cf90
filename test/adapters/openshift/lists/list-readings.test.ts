import { describe, expect, test } from 'vitest';
import { WORKLOAD_KINDS } from '../../../../src/adapters/openshift/workloads/kinds.ts';
import { openCluster, PATHS, startServer } from '../open-cluster.ts';

/** What an inventory says of each list it comes from. */

const NAMES = ['1', '2', '3', '4', '5'];
const lists = { images: NAMES.map((name) => ({ metadata: { name: `sha256:${name}` } })) };

/** A clock that is a minute further whenever it is looked at. */
const createTicking = () => {
  let minutes = 0;
  return { now: () => new Date(Date.UTC(2026, 10, 24, 3, minutes++)) };
};

describe('the lists of an inventory', () => {
  test('are there in the order of reading, each with the moment when its reading began', async () => {
    const { cluster } = await openCluster(await startServer(), createTicking());
    const { readAt, exact, lists: read } = await cluster.readInventory({ namespaces: null });
    const kinds = [...WORKLOAD_KINDS.map(({ plural }) => plural), 'namespaces', 'imagestreams', 'images'];
    expect(readAt).toBe('2026-11-24T03:00:00Z');
    expect(exact).toBe(true);
    expect(read).toEqual(
      kinds.map((kind, position) => ({
        kind,
        readAt: `2026-11-24T03:${String(position + 1).padStart(2, '0')}:00Z`,
        exact: true,
      })),
    );
  });

  test('are exact at the moment when they began anew, and no longer when they went on after that', async () => {
    const server = await startServer({ lists });
    const { cluster } = await openCluster(server, { pageSize: 2, ...createTicking() });
    const first = await cluster.readInventory({ namespaces: null });
    server.addFault(PATHS.images, 'expired');
    const anew = await cluster.readInventory({ namespaces: null });
    server.addFault(PATHS.images, 'expired', Infinity);
    const goneOn = await cluster.readInventory({ namespaces: null });
    const minutes = [first, anew, goneOn].map(({ lists: read }) =>
      minutesBetween(read, 'imagestreams', 'images'),
    );
    expect(minutes).toEqual([1, 2, 2]);
    expect([first, anew, goneOn].map(({ exact }) => exact)).toEqual([true, true, false]);
    expect(goneOn.lists.filter(({ exact }) => !exact).map(({ kind }) => kind)).toEqual(['images']);
  });

  test('leave out what could not be read at all', async () => {
    const server = await startServer({ lists });
    server.addFault(PATHS.pods, { status: 403 });
    server.addFault(PATHS.builds, { status: 404 });
    const { cluster } = await openCluster(server);
    const { lists: read } = await cluster.readInventory({ namespaces: null });
    const kinds = read.map(({ kind }) => kind);
    expect(kinds).toHaveLength(WORKLOAD_KINDS.length + 1);
    expect(kinds).not.toContain('pods');
    expect(kinds).not.toContain('builds');
  });

  test('are one a kind where they were read in parts, from when the first began', async () => {
    const names = ['a1b2c3-dev', 'a1b2c3-tools'];
    const { cluster } = await openCluster(await startServer({ viewerOf: names }), createTicking());
    const { lists: read } = await cluster.readInventory({ namespaces: names });
    expect(read.map(({ kind }) => kind)).toHaveLength(WORKLOAD_KINDS.length + 3);
    expect(new Set(read.map(({ kind }) => kind)).size).toBe(read.length);
    // The list all over the cluster that was refused, and the second namespace's.
    expect(minutesBetween(read, 'namespaces', 'imagestreams')).toBe(2);
    expect(minutesBetween(read, 'imagestreams', 'images')).toBe(3);
  });
});

const minutesBetween = (
  lists: readonly { readonly kind: string; readonly readAt: string }[],
  ...kinds: readonly [string, string]
): number => {
  const [from = Number.NaN, to = Number.NaN] = kinds.map((kind) =>
    Date.parse(lists.find((list) => list.kind === kind)?.readAt ?? ''),
  );
  return (to - from) / 60_000;
};
