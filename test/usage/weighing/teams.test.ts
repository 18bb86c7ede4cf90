import { describe, expect, test } from 'vitest';
import { addUpTeams, displayNameOf, groupTeams } from '../../../src/usage/weighing/teams.ts';
import { gather } from '../../listed-inventory.ts';
import { image, inventory, namespace, stream } from '../build.ts';

describe('namespaces are grouped into teams', () => {
  const label = 'name';

  test('each its own without a label to group by', () => {
    const named = namespace('a-dev', {
      labels: { name: 'wally' },
      annotations: { 'openshift.io/display-name': ' Wally (dev) ' },
    });
    expect(groupTeams([named, namespace('b-dev')], null)).toEqual([
      { id: 'ns:a-dev', displayName: 'Wally (dev)', namespaces: ['a-dev'] },
      { id: 'ns:b-dev', displayName: 'b-dev', namespaces: ['b-dev'] },
    ]);
  });

  test('by the value of a label, names sorted', () => {
    const members = ['a-test', 'a-dev', 'a-prod'].map((name) =>
      namespace(name, { labels: { name: 'wally' } }),
    );
    expect(groupTeams(members, label)).toEqual([
      { id: 'label:wally', displayName: 'wally', namespaces: ['a-dev', 'a-prod', 'a-test'] },
    ]);
  });

  test.each([
    { name: 'is missing', labels: {} },
    { name: 'is empty', labels: { name: '' } },
  ])('each its own where the label $name', ({ labels }) => {
    const members = [namespace('a-dev', { labels }), namespace('b-dev', { labels })];
    expect(groupTeams(members, label).map(({ id }) => id)).toEqual(['ns:a-dev', 'ns:b-dev']);
  });

  test('so that a label cannot take over a namespace’s own team', () => {
    const members = [namespace('a-dev'), namespace('b-dev', { labels: { name: 'a-dev' } })];
    expect(groupTeams(members, label).map(({ id }) => id)).toEqual(['ns:a-dev', 'label:a-dev']);
  });

  test('apart, whatever the label’s value is called', () => {
    const members = ['__proto__', 'constructor'].map((value) =>
      namespace(value, { labels: { name: value } }),
    );
    expect(groupTeams(members, label).map(({ id }) => id)).toEqual(['label:__proto__', 'label:constructor']);
  });
});

describe('the display name of a namespace', () => {
  test.each([
    { name: 'is its annotation', annotation: 'Wally (dev)', is: 'Wally (dev)' },
    { name: 'is its name where the annotation is empty', annotation: '', is: 'a-dev' },
    { name: 'is its name where the annotation is spaces', annotation: '  ', is: 'a-dev' },
  ])('$name', ({ annotation, is }) => {
    const given = namespace('a-dev', { annotations: { 'openshift.io/display-name': annotation } });
    expect(displayNameOf(given)).toBe(is);
  });

  test('is its name where there is no annotation', () => {
    expect(displayNameOf(namespace('a-dev'))).toBe('a-dev');
  });
});

describe('the bytes of teams and of the cluster', () => {
  type Held = { readonly digest: string; readonly sizeBytes: number; readonly isCharged: boolean };
  const charged = (digest: string, sizeBytes: number): Held => ({ digest, sizeBytes, isCharged: true });
  const importedBlob = (digest: string, sizeBytes: number): Held => ({ digest, sizeBytes, isCharged: false });
  /** Each blob is the only layer of an image of its own, which states no Size and so has no config. */
  const addUp = (
    teams: Parameters<typeof addUpTeams>[1],
    held: Readonly<Record<string, readonly Held[]>>,
  ) => {
    const all = Object.entries(held).flatMap(([place, blobs]) =>
      blobs.map((blob) => ({ ...blob, place, name: `${place}-${blob.digest}` })),
    );
    const { holdings } = gather(
      inventory({
        streams: all.map(({ name, place }) => stream(name, { v1: [name] }, { namespace: place })),
        images: all.map(({ name, digest, sizeBytes, isCharged }) =>
          image(name, { layers: { [digest]: sizeBytes }, statedBytes: null, managed: isCharged }),
        ),
      }),
    );
    return addUpTeams(holdings, teams, false);
  };
  const dev = { id: 'label:a', displayName: 'a', namespaces: ['a-dev', 'a-prod'] };
  const other = { id: 'ns:b-dev', displayName: 'b', namespaces: ['b-dev'] };

  test('count what namespaces share once, while their sum repeats it', () => {
    const totals = addUp([dev, other], {
      'a-dev': [charged('base', 100), charged('dev', 1)],
      'a-prod': [charged('base', 100), charged('prod', 2)],
      'b-dev': [charged('base', 100), charged('b', 4)],
    });
    expect(totals.clusterUsedBytes).toBe(107);
    expect(totals.sumOfNamespacesBytes).toBe(307);
    expect(totals.shares.get('a-dev')?.team).toEqual({ ...dev, usedBytes: 103 });
    expect(totals.shares.get('a-prod')?.team).toEqual({ ...dev, usedBytes: 103 });
    expect(totals.shares.get('b-dev')?.team).toEqual({ ...other, usedBytes: 104 });
  });

  test('are shared with the team only where another of its namespaces is charged, too', () => {
    const totals = addUp([dev, other], {
      'a-dev': [charged('base', 100), charged('mine', 1), charged('far', 10)],
      'a-prod': [charged('base', 100), importedBlob('far', 10), importedBlob('seen', 20)],
      'b-dev': [charged('mine', 1)],
    });
    expect(totals.shares.get('a-dev')?.sharedWithTeamBytes).toBe(100);
    expect(totals.shares.get('a-prod')?.sharedWithTeamBytes).toBe(100);
    expect(totals.shares.get('b-dev')?.sharedWithTeamBytes).toBe(0);
  });

  test('are not shared by one who has only imported them', () => {
    const team = { ...dev, namespaces: ['a-dev', 'a-prod', 'a-test'] };
    const totals = addUp([team], {
      'a-dev': [charged('base', 100)],
      'a-prod': [charged('base', 100)],
      'a-test': [importedBlob('base', 100)],
    });
    expect(totals.shares.get('a-test')?.sharedWithTeamBytes).toBe(0);
    expect(totals.shares.get('a-prod')?.sharedWithTeamBytes).toBe(100);
  });

  test('leave out what is only imported', () => {
    const totals = addUp([other], { 'b-dev': [importedBlob('far', 10), charged('b', 4)] });
    expect(totals).toMatchObject({ clusterUsedBytes: 4, sumOfNamespacesBytes: 4 });
    expect(totals.shares.get('b-dev')?.team.usedBytes).toBe(4);
  });

  test('take the larger of two sizes for the team, and never for a namespace', () => {
    const totals = addUp([dev], { 'a-dev': [charged('base', 100)], 'a-prod': [charged('base', 130)] });
    expect(totals.shares.get('a-dev')).toMatchObject({
      team: { usedBytes: 130 },
      sharedWithTeamBytes: 100,
    });
    expect(totals.shares.get('a-prod')?.sharedWithTeamBytes).toBe(130);
    expect(totals).toMatchObject({ clusterUsedBytes: 130, sumOfNamespacesBytes: 230 });
  });

  test('stay at the largest number that can be stored', () => {
    const largest = Number.MAX_SAFE_INTEGER;
    const absurd = [charged('x', largest), charged('y', largest)];
    const totals = addUp([dev], { 'a-dev': absurd, 'a-prod': absurd });
    expect(totals).toMatchObject({ clusterUsedBytes: largest, sumOfNamespacesBytes: largest });
    expect(totals.shares.get('a-dev')).toMatchObject({
      team: { usedBytes: largest },
      sharedWithTeamBytes: largest,
    });
  });

  test('are 0 where there are no teams', () => {
    expect(addUp([], {})).toEqual({
      clusterUsedBytes: 0,
      sumOfNamespacesBytes: 0,
      shares: new Map(),
    });
  });
});
