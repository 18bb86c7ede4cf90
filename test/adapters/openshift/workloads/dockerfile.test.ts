import { describe, expect, test } from 'vitest';
import { findBaseImages } from '../../../../src/adapters/openshift/workloads/dockerfile.ts';

const none: ReadonlyMap<string, string> = new Map();

test.each([
  ['one image', 'FROM registry.example.test/a/b:1', ['registry.example.test/a/b:1']],
  ['lower case, options and a tab', '  from --platform=linux/amd64\ta/b:1', ['a/b:1']],
  ['a name for its stage', 'FROM a/b:1 AS build\nRUN make', ['a/b:1']],
  [
    'several stages, of which earlier ones are no images',
    'FROM a/b AS Build\nFROM a/c\r\nFROM build',
    ['a/b', 'a/c'],
  ],
  ['scratch', 'FROM scratch', []],
  ['a line that goes on', 'FROM \\\n  a/b:1', ['a/b:1']],
  ['a line that goes on after a comment', 'FROM --platform=linux/amd64 \\\n# why\n  a/b:1', ['a/b:1']],
  ['other lines', '# FROM a/x\nRUN echo FROM a/y\nLABEL from=a/z', []],
  ['nothing', '', []],
])('finds the base images of a Dockerfile with %s', (_name, dockerfile, images) => {
  expect(findBaseImages(dockerfile, none)).toEqual(images);
});

test.each([
  ['from an image', 'FROM a/b\nCOPY --from=a/tools:1 /bin/x /bin/x', ['a/b', 'a/tools:1']],
  ['from an image, with other options', 'FROM a/b\nCOPY --chown=1 --from=a/tools /x /x', ['a/b', 'a/tools']],
  [
    'from stages by name and number, which are no images',
    'FROM a/b AS one\nCOPY --from=one --from=0 . .',
    ['a/b'],
  ],
  ['in a mount', 'FROM a/b\nRUN --mount=type=bind,from=a/deps:2,target=/deps make', ['a/b', 'a/deps:2']],
  ['nowhere: an option of a command', 'FROM a/b\nRUN copy --from=a/x', ['a/b']],
])('finds the images that a Dockerfile takes files from: %s', (_name, dockerfile, images) => {
  expect(findBaseImages(dockerfile, none)).toEqual(images);
});

describe('build arguments', () => {
  test.each([
    ['have defaults', 'ARG BASE="a/b"\nARG TAG=2\nFROM ${BASE}:$TAG', ['a/b:2']],
    [
      'have defaults made of others',
      "ARG HOST='r.example.test'\nARG BASE=$HOST/a/b\nFROM $BASE",
      ['r.example.test/a/b'],
    ],
    ['may stand on one line', 'ARG BASE=a/b TAG=2\nFROM $BASE:$TAG', ['a/b:2']],
    ['may have a default where they are used', 'ARG TAG\nFROM a/b:${TAG:-3}', ['a/b:3']],
    ['without a default are not known', 'ARG BASE\nFROM $BASE', []],
  ])('%s', (_name, dockerfile, images) => {
    expect(findBaseImages(dockerfile, none)).toEqual(images);
  });

  test('given by the build go before their defaults', () => {
    const given = new Map([['TAG', '9']]);
    expect(findBaseImages('ARG TAG=2\nFROM a/b:$TAG\nFROM a/c:${TAG:-3}', given)).toEqual(['a/b:9', 'a/c:9']);
  });
});
