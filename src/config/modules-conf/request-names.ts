/**
 * Names that kernels of 2.0 to 2.4 asked for and today's do not, with what they ask for instead. Names that are still
 * asked for: char-major-M-N and char-major-M, block-major-M-N, net-pf-N, netdev-NAME and NAME, fs-NAME, binfmt-XXXX,
 * tty-ldisc-N, parport_lowlevel, ppp-compress-N, tcp_NAME.
 */
const gone: readonly (readonly [name: RegExp, instead: string])[] = [
  [/^md-personality-/, 'Today it is md-level-N, and the modules have these aliases themselves.'],
  [
    /^scsi_hostadapter\d*$/,
    'Host adapters are found by their hardware; name them in the initramfs if they are needed early.',
  ],
  [/^usbdevfs$/, 'Nothing has to be done: it is part of usbcore.'],
  [/^netalias-/, 'Nothing has to be done: addresses need no alias devices.'],
  [/^binfmt-(?:-\d+|\d{1,3})$/, 'Today it is binfmt- and four hexadecimal digits of the bytes 2 and 3.'],
  [
    /^(?:iso9660|dos|msdos|vfat|ext2|ext3|minix|hfs|nfs|smbfs|autofs|umsdos|reiserfs)$/,
    'Today it is fs-NAME, and the modules have these aliases themselves.',
  ],
];

/** What to do about a name that no kernel asks for any more; undefined for one that may still be asked for. */
export function remedyForGoneName(name: string): string | undefined {
  return gone.find(([pattern]) => pattern.test(name))?.[1];
}

/** Whether a name is surely no module but one that kernels ask for. */
export function isRequestName(name: string): boolean {
  return /^(?:(?:char|block)-major-|net-pf-|netdev-|binfmt-|tty-ldisc-|ppp-compress-|md-personality-|sound-slot-|sound-service-|snd-(?:card|slot)-|fs-)|^(?:eth|tr|fddi|hippi|plip|slip|ppp|irlan|arc|wlan)\d+$|^(?:parport_lowlevel|scsi_hostadapter\d*)$/.test(
    name,
  );
}
