/** Trees and configuration at random, listed beside the real kmod. */
import test from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { type FixtureModule, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';

type Random = ReturnType<typeof pseudoRandom>;

const CASES = 60;
const names = ['a', 'b', 'c', 'd_d', 'e', 'f', 'g_g', 'h'];
const others = ['unix', 'none', 'x1', 'al_1', 'al-2', 'nick', 'pci:v1', '[', 'symbol:s_a', 'net-pf-1'];

test('what is listed for random trees and configuration is what kmod lists', async (t) => {
  const kmod = await referenceKmod('34.2');
  for (let seed = 1; seed <= CASES; seed++) {
    const random = pseudoRandom(seed);
    const root = new FixtureRoot();
    writeRandomTree(root, random);
    const configuration = root.write('x.conf', randomConfiguration(random));
    const argv = ['-C', configuration, '-d', root.path, '-S', RELEASE];
    const asked = [...names, ...others, ...names.map((name) => name.replace('_', '-'))];
    for (const options of [['-D'], ['-D', '-i'], ['-nv', '-b'], ['-R'], ['-D', '--first-time']]) {
      const line = [...argv, ...options, '-a', ...asked];
      const theirs = kmod.run('modprobe', line, { cwd: root.path });
      const ours = await runCli(root, ['modprobe', '--compat=kmod', ...line]);
      const about = `seed ${seed}: ${options.join(' ')}`;
      t.is(ours.stdout, theirs.stdout.toString(), about);
      t.is(ours.stderr, theirs.stderr, about);
      t.is(ours.exitCode, theirs.exitCode, about);
    }
    root.remove();
  }
});

function writeRandomTree(root: FixtureRoot, random: Random): void {
  const modules: Record<string, FixtureModule> = {};
  for (const [at, name] of names.entries()) {
    // As in modules.dep: all that is needed, what needs others before those.
    const needs = names.slice(0, at).filter(() => random(4) === 0);
    const all = [...new Set(needs.toReversed().flatMap((need) => [need, ...(modules[need]?.needs ?? [])]))];
    modules[name] = { path: `kernel/${name.replace('_', '-')}.ko`, needs: inOrder(all) };
  }
  root.writeTree({
    modules,
    builtin: ['unix'],
    aliases: [
      ['al_*', pick(random, names)],
      ['al_1', pick(random, names)],
      ['pci:v*', pick(random, names)],
      ['pci:v[0-9]', pick(random, [...names, 'removed'])],
    ],
    symbols: [['s_a', pick(random, names)]],
    builtinAliases: [['net_pf_1', 'unix']],
  });
  root.writeKernel([]);
  const lines = Array.from({ length: random(3) }, () => softdepLine(random));
  root.write(`lib/modules/${RELEASE}/modules.softdep`, `${lines.join('\n')}\n`);
}

/** What needs others before those: the later names need the earlier ones. */
function inOrder(needs: readonly string[]): readonly string[] {
  return needs.toSorted((one, other) => names.indexOf(other) - names.indexOf(one));
}

function randomConfiguration(random: Random): string {
  const lines = Array.from({ length: 4 + random(12) }, () => {
    const module = pick(random, [...names, 'unix', 'd-d', 'nick']);
    switch (random(8)) {
      case 0:
        return `alias ${pick(random, ['nick', 'x?', 'al*', 'pci:v[1-3]', ...names, 'net-pf-1'])} ${module}`;
      case 1:
        return `options ${pick(random, [module, 'al-1', 'al_*', 'pci:v1', 'pci:v[1-3]'])} o=${random(99)} "p q"`;
      case 2:
        return `install ${pick(random, [module, 'a*', '[ef]', 'x1'])} run ${random(9)} $CMDLINE_OPTS`;
      case 3:
        return `remove ${pick(random, [module, 'x1', 'none'])} stop`;
      case 4:
        return `blacklist ${module}`;
      case 5:
        return `weakdep ${module} ${pick(random, names)}`;
      default:
        return softdepLine(random);
    }
  });
  return `${lines.join('\n')}\n`;
}

function softdepLine(random: Random): string {
  const members = (): string =>
    Array.from({ length: random(4) }, () => pick(random, [...names, ...others])).join(' ');
  return `softdep ${pick(random, [...names, '?', 'unix'])} pre: ${members()} post: ${members()}`;
}

function pick(random: Random, list: readonly string[]): string {
  return list[random(list.length)] ?? '';
}
