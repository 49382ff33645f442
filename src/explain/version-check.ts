import type { ElfImage } from '../module-file/elf-image.ts';
import type { SymbolVersion } from '../module-file/symbol-version.ts';
import type { FindingList } from './finding-list.ts';
import type { ReferenceModule } from './reference-module.ts';

/** What version checks compare. */
export interface VersionFacts {
  readonly image: ElfImage;
  readonly release: string;
  readonly reference: ReferenceModule | undefined;
  readonly versions: readonly SymbolVersion[];
  /** Null for a module without one. */
  readonly vermagic: string | null;
}

/** The symbol whose CRC stands for the whole layout of the kernel's structures. */
export const LAYOUT = 'module_layout';

/** Compares a module's version magic, and the CRC of `module_layout`, with those of the kernel's own modules. */
export function checkVersions(list: FindingList, facts: VersionFacts): void {
  const { image, release, reference, versions } = facts;
  if (reference === undefined) {
    list.check('versions', 'unknown', 'the kernel has no module of its own here to compare with');
    return;
  }
  const wanted = reference.crcs.get(LAYOUT);
  if (wanted === undefined) {
    checkVermagic(list, facts, false);
    return;
  }
  const own = versions.find(({ name }) => name === LAYOUT)?.crc;
  const source = `${image.path}, section __versions`;
  if (image.parts.versions === undefined && image.parts.extendedCrcs === undefined) {
    list.add('versions-missing', {
      text: 'The module has no versions of its symbols: kernels with forced loading (CONFIG_MODULE_FORCE_LOAD) take it and become tainted, others refuse it.',
      confidence: 'possible',
      refused: false,
      evidence: [['no section __versions', image.path]],
      remedies: [`Build the module with the headers of ${release} (and their Module.symvers).`],
    });
    checkVermagic(list, facts, false);
    return;
  }
  if (own !== undefined && own !== wanted)
    list.add('other-kernel-build', {
      text: `The module was built for another kernel than ${release}: the CRC of ${LAYOUT} differs, which stands for the layout of the kernel's structures.`,
      errno: 'ENOEXEC',
      evidence: [
        [`${LAYOUT} has the CRC ${crcText(own)}${builtFor(facts)}`, source],
        [`${LAYOUT} has the CRC ${crcText(wanted)}`, `${reference.path}, section __versions`],
      ],
      remedies: [
        `Build the module with the headers of ${release}: apt install linux-headers-${release}`,
        'dkms autoinstall',
      ],
    });
  else if (own === undefined)
    list.add('symbol-version-missing', {
      text: `The module has no version for ${LAYOUT}: some kernels (Debian's) refuse that, others warn.`,
      confidence: 'likely',
      errno: 'ENOEXEC',
      evidence: [[`no entry ${LAYOUT}`, source]],
      remedies: [`Build the module with the headers of ${release}.`],
    });
  else list.check('kernel build', 'ok', `${LAYOUT} ${crcText(own)}, as ${reference.path}`);
  checkVermagic(list, facts, image.parts.versions !== undefined);
}

function builtFor({ vermagic }: VersionFacts): string {
  return vermagic === null ? '' : `, built for ${vermagic.split(' ', 1)[0]}`;
}

// With versions of symbols the release does not count.
function checkVermagic(list: FindingList, facts: VersionFacts, hasVersions: boolean): void {
  const { vermagic, reference, image, release } = facts;
  const wanted = reference?.vermagic ?? null;
  if (wanted === null || reference === undefined) return;
  const source = `${image.path}, section .modinfo`;
  if (vermagic === null) {
    list.add('vermagic', {
      text: 'The module has no version magic: kernels with forced loading take it and become tainted, others refuse it.',
      confidence: 'possible',
      refused: false,
      evidence: [['no vermagic=', source]],
      remedies: [`Build the module with the headers of ${release}.`],
    });
    return;
  }
  const compared = (text: string): string => (hasVersions ? text.slice(text.indexOf(' ')) : text);
  if (compared(vermagic) === compared(wanted)) {
    list.check('version magic', 'ok', wanted.trim());
    return;
  }
  list.add('vermagic', {
    text: `The version magic differs: ${fieldDifferences(vermagic, wanted, hasVersions).join('; ')}.`,
    errno: 'ENOEXEC',
    evidence: [
      [`'${vermagic}'`, source],
      [`'${wanted}'`, `${reference.path}, section .modinfo`],
    ],
    remedies: [`Build the module with the headers and the configuration of ${release}.`],
  });
}

/** Which words one version magic has and the other has not, one phrase for each. */
function fieldDifferences(own: string, wanted: string, hasVersions: boolean): readonly string[] {
  const [ownRelease = '', ...ownFlags] = wordsOf(own);
  const [wantedRelease = '', ...wantedFlags] = wordsOf(wanted);
  const extra = ownFlags.filter((flag) => !wantedFlags.includes(flag));
  const missing = wantedFlags.filter((flag) => !ownFlags.includes(flag));
  const phrases = [
    ...(!hasVersions && ownRelease !== wantedRelease
      ? [`the module is for release ${ownRelease}, the kernel is ${wantedRelease}`]
      : []),
    ...extra.map((flag) => `the module has '${flag}', the kernel has not`),
    ...missing.map((flag) => `the kernel has '${flag}', the module has not`),
  ];
  return phrases.length > 0 ? phrases : ['the words are the same, in another order or with other spaces'];
}

function wordsOf(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

/** A CRC as the kernel writes it. */
export function crcText(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`;
}
