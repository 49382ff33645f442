import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Base addresses of Debian's archives. */
export interface Mirrors {
  /** Releases, updates and backports. */
  readonly main: string;
  /** Suites whose name ends in `-security`. */
  readonly security: string;
}

const defaultMirrors: Mirrors = {
  main: 'http://deb.debian.org/debian',
  security: 'http://deb.debian.org/debian-security',
};

/** The mirrors that this host's own apt sources use, Debian's own addresses where it has none. */
export function hostMirrors(directory = '/etc/apt'): Mirrors {
  const files = [join(directory, 'sources.list'), ...sourceParts(join(directory, 'sources.list.d'))];
  return mirrorsOf(files.map((file) => readIfThere(file)));
}

/**
 * Finds mirrors in the text of apt's source files, one-line (`deb [options] URI SUITE ...`) and deb822 (`URIs:`).
 * An address counts as the main archive if its path ends in `/debian`, as the security archive if it ends in
 * `/debian-security`; Ubuntu's and third parties' addresses do not.
 */
export function mirrorsOf(texts: readonly string[]): Mirrors {
  const addresses = texts.flatMap((text) =>
    text.split('\n').flatMap((line) => {
      const oneLine = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)/.exec(line);
      const field = /^URIs:(.*)$/i.exec(line);
      return oneLine ? [oneLine[1] ?? ''] : (field?.[1] ?? '').split(/\s+/);
    }),
  );
  return {
    main: addressEndingIn('/debian', addresses) ?? defaultMirrors.main,
    security: addressEndingIn('/debian-security', addresses) ?? defaultMirrors.security,
  };
}

/** The archive that holds a suite. */
export function mirrorOfSuite(suite: string, mirrors: Mirrors): string {
  return suite.endsWith('-security') ? mirrors.security : mirrors.main;
}

function addressEndingIn(ending: string, addresses: readonly string[]): string | undefined {
  return addresses
    .map((address) => address.replace(/\/+$/, ''))
    .find((address) => /^https?:\/\//.test(address) && address.endsWith(ending));
}

function sourceParts(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.list') || name.endsWith('.sources'))
      .sort()
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
