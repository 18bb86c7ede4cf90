import { expect, test } from 'vitest';
import { findBaseImages } from '../../../src/adapters/openshift/dockerfile.ts';

test.each([
  ['one image', 'FROM registry.example.test/a/b:1', ['registry.example.test/a/b:1']],
  ['lower case, options and a tab', '  from --platform=linux/amd64\ta/b:1', ['a/b:1']],
  [
    'several stages, of which earlier ones are no images',
    'FROM a/b AS Build\nFROM a/c\r\nFROM build',
    ['a/b', 'a/c'],
  ],
  ['scratch', 'FROM scratch', []],
  ['a line that goes on', 'FROM \\\n  a/b:1', ['a/b:1']],
  ['the default of an argument', 'ARG BASE="a/b"\nARG TAG=2\nFROM ${BASE}:$TAG', ['a/b:2']],
  ['an argument without a default, which is not known', 'ARG BASE\nFROM $BASE', []],
  ['other lines', '# FROM a/x\nRUN echo FROM a/y\nLABEL from=a/z', []],
  ['nothing', '', []],
])('finds the base images of a Dockerfile with %s', (_name, dockerfile, images) => {
  expect(findBaseImages(dockerfile)).toEqual(images);
});
