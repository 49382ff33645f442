/**
 * Chapter 11 of Linux Device Drivers and modules(2), played on today's kernels with these tools: the scenes of docs/history.md
 * in their order, in one guest for each kernel. To have what is seen on that page:
 * `KMODCTL_TRANSCRIPTS=/tmp/seen ava --serial test/history/book.test.ts; node dist/test/history/fill-page.js /tmp/seen`
 */
import { kernels } from '../vm/in-guest.ts';
import { callScenes } from './book/calls-scenes.ts';
import { demandScenes } from './book/demand-scenes.ts';
import { moduleScenes } from './book/module-scenes.ts';
import { modulesConfScenes } from './book/modules-conf-scenes.ts';
import { bookProperties } from './book/properties.ts';
import { stockScenes } from './book/stock-scenes.ts';
import { symbolScenes } from './book/symbol-scenes.ts';
import { declareScenes } from './scene.ts';

declareScenes(
  kernels,
  [...stockScenes, ...demandScenes, ...symbolScenes, ...callScenes, ...moduleScenes, ...modulesConfScenes],
  bookProperties,
);
