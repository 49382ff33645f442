/**
 * What modutils 2.4.16 knows without any modules.conf, as it was built for i386. The names are facts; most of the
 * modules are gone.
 */

/** Built-in options: name and words. */
export const builtInOptions: readonly (readonly [name: string, ...words: string[]])[] = [
  ['dummy0', '-o', 'dummy0'],
  ['dummy1', '-o', 'dummy1'],
  ['sb', 'io=0x220', 'irq=7', 'dma=1', 'dma16=5', 'mpu_io=0x330'],
];

/** Names that a search for modules passes over. */
export const builtInPrune: readonly string[] =
  `modules.dep modules.generic_string modules.pcimap modules.isapnpmap modules.usbmap modules.parportmap
   modules.ieee1394map modules.pnpbiosmap System.map .config build vmlinux vmlinuz bzImage zImage .rhkmvtag`.split(
    /\s+/,
  );

/** Tags of the default paths directly below /lib/modules. */
export const builtInTags: readonly string[] =
  'kernel fs net scsi block cdrom ipv4 ipv6 sound fc4 video misc pcmcia atm usb ide ieee1394 mtd'.split(' ');

const aliases = `
binfmt-0000 off
binfmt-204 binfmt_aout
binfmt-263 binfmt_aout
binfmt-264 binfmt_aout
binfmt-267 binfmt_aout
binfmt-387 binfmt_aout
binfmt-332 iBCS
binfmt--310 binfmt_java
block-major-1 rd
block-major-2 floppy
block-major-3 ide-probe-mod
block-major-7 loop
block-major-8 sd_mod
block-major-9 md
block-major-11 sr_mod
block-major-13 xd
block-major-15 cdu31a
block-major-16 gscd
block-major-17 optcd
block-major-18 sjcd
block-major-20 mcdx
block-major-22 ide-probe-mod
block-major-23 mcd
block-major-24 sonycd535
block-major-25 sbpcd
block-major-26 sbpcd
block-major-27 sbpcd
block-major-29 aztcd
block-major-32 cm206
block-major-33 ide-probe-mod
block-major-34 ide-probe-mod
block-major-37 ide-tape
block-major-44 ftl
block-major-46 pcd
block-major-47 pf
block-major-56 ide-probe-mod
block-major-57 ide-probe-mod
block-major-58 lvm-mod
block-major-88 ide-probe-mod
block-major-89 ide-probe-mod
block-major-90 ide-probe-mod
block-major-91 ide-probe-mod
block-major-93 nftl
block-major-97 pg
char-major-4 serial
char-major-5 serial
char-major-6 lp
char-major-9 st
char-major-10 off
char-major-10-0 busmouse
char-major-10-1 off
char-major-10-2 msbusmouse
char-major-10-3 atixlmouse
char-major-10-130 wdt
char-major-10-131 wdt
char-major-10-135 rtc
char-major-10-139 openprom
char-major-10-144 nvram
char-major-10-157 applicom
char-major-10-175 agpgart
char-major-10-184 microcode
char-major-14 soundcore
char-major-19 cyclades
char-major-20 cyclades
char-major-21 sg
char-major-22 pcxx
char-major-23 pcxx
char-major-27 ftape
char-major-34 scc
char-major-35 tclmidi
char-major-36 netlink
char-major-37 ide-tape
char-major-48 riscom8
char-major-49 riscom8
char-major-57 esp
char-major-58 esp
char-major-63 kdebug
char-major-90 mtdchar
char-major-96 pt
char-major-99 ppdev
char-major-107 3dfx
char-major-108 ppp_generic
char-major-109 lvm-mod
char-major-161 ircomm-tty
char-major-200 vxspec
char-major-206 osst
dos msdos
dummy0 dummy
dummy1 dummy
eth0 off
iso9660 isofs
md-personality-1 linear
md-personality-2 raid0
md-personality-3 raid1
md-personality-4 raid5
net-pf-1 unix
net-pf-2 ipv4
net-pf-3 off
net-pf-4 ipx
net-pf-5 appletalk
net-pf-6 off
net-pf-10 off
net-pf-17 af_packet
net-pf-19 off
netalias-2 ip_alias
plip0 plip
plip1 plip
tunl0 ipip
cipcb0 cipcb
cipcb1 cipcb
cipcb2 cipcb
cipcb3 cipcb
ppp0 ppp
ppp1 ppp
scsi_hostadapter off
slip0 slip
slip1 slip
tty-ldisc-1 slip
tty-ldisc-3 ppp_async
tty-ldisc-11 irtty
tty-ldisc-14 ppp_synctty
ppp-compress-18 ppp_mppe
ppp-compress-21 bsd_comp
ppp-compress-24 ppp_deflate
ppp-compress-26 ppp_deflate
parport_lowlevel parport_pc
usbdevfs usbcore
`;

/** Built-in aliases, in their order. */
export const builtInAliases: readonly (readonly [name: string, result: string])[] = aliases
  .trim()
  .split('\n')
  .map((line) => {
    const [name = '', result = ''] = line.split(' ');
    return [name, result];
  });
