/**
 * What names may be in a request for a module. Parts of them come from whoever made the kernel ask: the name of a network
 * device, of a file system, of a cipher.
 */

/** The kernel's own limit (MODULE_NAME_LEN) is 56 characters with the NUL on 64 bits, 60 on 32 bits. */
const LONGEST = 63;

const LETTERS = /^[\w.,:()+@-]+$/;

/**
 * Why a request for a name is not answered; undefined for one that is in order.
 *
 * All that kernels of Linux 2.6 to 7 ask for passes: `net-pf-16-proto-4-type-2`, `fs-ext4`, `crypto-xts(aes)`,
 * `crypto-authenc(hmac(sha1),cbc(aes))`, `symbol:x`, `of:NsoundT(null)Cfsl,imx+audio`, `netdev-eth0.5`. What could be an
 * option, a path, a pattern, an assignment or words for a shell does not, whoever would read the name next.
 */
export function requestNameFault(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name.startsWith('-')) return 'it begins with a dash, as options do';
  if (/\p{Cc}/u.test(name)) return 'it has control characters';
  if (name.includes('/') || name.startsWith('.') || name.includes('..')) return 'it could be a path';
  if (name.includes('=')) return 'it has an equals sign, as parameters do';
  if (!LETTERS.test(name)) return 'it has characters that mean something to a shell, or that no request has';
  return name.length > LONGEST ? `it has more than ${LONGEST} characters` : undefined;
}

/** Of a longer name this many bytes are shown. */
const SHOWN = 80;

/** A name for a log: what is not printable ASCII, a quote or a backslash becomes `\xNN`, byte by byte. */
export function escapedName(name: string): string {
  const bytes = [...Buffer.from(name)];
  const text = bytes.slice(0, SHOWN).map((byte) => {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    return isPlain ? String.fromCodePoint(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return text.join('') + (bytes.length > SHOWN ? '...' : '');
}
