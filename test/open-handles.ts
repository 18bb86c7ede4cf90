import { createHook } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll } from 'vitest';

/**
 * Fails a test file that leaves something open: a server, a socket, a process, a timer. vitest's own check
 * (`detectAsyncLeaks`) only mentions it, cannot leave out a file, and writes down a stack for every promise, which made
 * a test of a few seconds last two minutes.
 */
const HANDLES = new Set(
  'TCPSERVERWRAP TCPWRAP PIPESERVERWRAP PIPEWRAP UDPWRAP PROCESSWRAP WORKER FSEVENTWRAP Timeout'.split(' '),
);

/** What closes takes a moment to be gone. */
const PATIENCE_MS = 2_000;

type Handle = { readonly type: string; readonly openedAt: string; readonly isOpen: () => boolean };

const handles = new Map<number, Handle>();

const hook = createHook({
  init(id, type, _trigger, resource) {
    if (!HANDLES.has(type)) return;
    const openedAt = callerOf(new Error().stack ?? '');
    if (openedAt === null) return;
    const reference = new WeakRef(resource);
    handles.set(id, { type, openedAt, isOpen: () => isReferenced(reference.deref()) });
  },
  destroy: (id) => void handles.delete(id),
  // Nothing here asks for promises, and to follow them makes them ten times as slow.
  trackPromises: false,
}).enable();

afterAll(async () => {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (listOpen().length > 0 && performance.now() < giveUpAt) await wait(20);
  hook.disable();
  const open = listOpen().map(({ type, openedAt }) => `  ${type} opened ${openedAt}`);
  if (open.length > 0) throw new Error(`What a test starts, it must close. Left open:\n${open.join('\n')}`);
});

const listOpen = (): readonly Handle[] => [...handles.values()].filter(({ isOpen }) => isOpen());

/** Whether it keeps the process alive. */
const isReferenced = (resource: object | undefined): boolean =>
  resource !== undefined &&
  'hasRef' in resource &&
  typeof resource.hasRef === 'function' &&
  resource.hasRef() === true;

/** The innermost line of a stack that is not JavaScript's or Node's own; null for what the test runner opens for itself. */
const callerOf = (stack: string): string | null => {
  const line = stack
    .split('\n')
    .find((text) => /^ +at /.test(text) && !/node:|<anonymous>\)|open-handles\.ts/.test(text));
  return line === undefined || /node_modules\/(@?vitest|vite)\//.test(line) ? null : line.trim();
};
