import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { KernelView } from '../../src/kernel/kernel-view.ts';
import { mappedDevices } from '../../src/kernel/mapped-devices.ts';
import { networkInterfaces, queueDisciplines } from '../../src/kernel/network-objects.ts';
import {
  attributeList,
  listRequest,
  netlinkAttributes,
  netlinkMessages,
} from '../../src/kernel/netlink-message.ts';
import { packetRuleParts } from '../../src/kernel/packet-rules.ts';
import { majorOf, minorOf } from '../../src/kernel/process-list.ts';
import { type KernelQuestions, kernelQuestions } from '../../src/native/kernel-questions.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';

test('the running kernel answers: its interfaces; what it does not know is undefined', (t) => {
  const links = networkInterfaces(new KernelView(), kernelQuestions);
  t.true(links.some(({ name }) => name === 'lo'));
  t.notThrows(() => queueDisciplines(kernelQuestions));
  t.is(kernelQuestions.netlink(1000, listRequest(1, Buffer.alloc(0))), undefined);
  t.is(kernelQuestions.attribute('/does/not/exist', 'system.sockprotoname'), undefined);
  t.true(kernelQuestions.control(-1, 1, Buffer.alloc(512)) < 0);
});

test('answers of any form are read without an error', (t) => {
  const random = pseudoRandom(7);
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  mkdirSync(join(root.path, 'sys/class/net/lo'), { recursive: true });
  writeFileSync(join(root.path, 'sys/class/net/lo/uevent'), '');
  root.write('sys/block/dm-0/dm/name', 'x');
  root.write('dev/mapper/control', '');
  const view = new KernelView({ root: root.path });
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(Array.from({ length: random(200) }, () => random(256)));
    // Lengths that fit lead further in.
    if (bytes.length >= 20 && round % 2 === 0) {
      bytes.writeUInt32LE(bytes.length, 0);
      bytes.writeUInt16LE(bytes.length - 16, 16);
    }
    const questions: KernelQuestions = {
      netlink: () => bytes,
      attribute: () => undefined,
      control: (_fd, _request, structure) => {
        bytes.copy(structure, 312 - 20);
        bytes.copy(structure, 16, 0, 8);
        return 0;
      },
    };
    t.notThrows(() => [
      [...netlinkMessages(bytes)],
      netlinkAttributes(bytes),
      attributeList(bytes),
      networkInterfaces(view, questions),
      queueDisciplines(questions),
      packetRuleParts(questions),
      mappedDevices(view, questions),
    ]);
  }
});

test('numbers of devices', (t) => {
  t.deepEqual([majorOf(0x0a_c8), minorOf(0x0a_c8)], [10, 200]);
  t.deepEqual([majorOf(0x1_03_01), minorOf(0x1_03_01)], [259, 1]);
  t.deepEqual([majorOf(0x12_3a_bc_45), minorOf(0x12_3a_bc_45)], [0xabc, 0x1_23_45]);
});
