/**
 * `npm run bench [NAME...]`: each benchmark compares two sides in one run and prints their ratio. Absolute times are those
 * of this machine at this moment; only the ratios mean something elsewhere.
 */
import { aliasLookup } from './alias-lookup.ts';
import { bridge } from './bridge.ts';
import { clones } from './clones.ts';
import { depmod } from './depmod.ts';
import { doctor } from './doctor.ts';
import { loads } from './loads.ts';
import { memory } from './memory.ts';
import { modinfo } from './modinfo.ts';
import { plan } from './plan.ts';
import { startUp } from './start-up.ts';

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  bridge,
  clones,
  'start-up': startUp,
  depmod,
  doctor,
  'alias-lookup': aliasLookup,
  modinfo,
  plan,
  memory,
  loads,
};

const chosen = process.argv.slice(2);
const unknown = chosen.find((name) => !(name in benchmarks));
if (unknown === undefined) {
  for (const name of chosen.length === 0 ? Object.keys(benchmarks) : chosen) await benchmarks[name]?.();
} else {
  process.stderr.write(`npm run bench: "${unknown}" is none of ${Object.keys(benchmarks).join(', ')}\n`);
  process.exitCode = 2;
}
