import { main } from '../src/cli/main.ts';

/** The command line as it is, with no other flags for V8 than it is started with. */
await main();
