/**
 * Orders two version numbers of Debian packages (`[epoch:]upstream[-revision]`) by the rule of deb-version(7):
 * negative if `a` is older, positive if newer, 0 if the same. `~` sorts before everything, even the end.
 */
export function compareDebianVersions(a: string, b: string): number {
  const left = splitVersion(a);
  const right = splitVersion(b);
  return (
    left.epoch - right.epoch ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
}

function splitVersion(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(':');
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: colon < 0 ? 0 : Number(version.slice(0, colon)),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  };
}

/** Compares by turns a run of non-digits, character by character, and a run of digits, by value. */
function comparePart(a: string, b: string): number {
  let left = a;
  let right = b;
  while (left !== '' || right !== '') {
    const leftText = /^\D*/.exec(left)?.[0] ?? '';
    const rightText = /^\D*/.exec(right)?.[0] ?? '';
    for (let index = 0; index < Math.max(leftText.length, rightText.length); index++) {
      const difference = characterOrder(leftText[index]) - characterOrder(rightText[index]);
      if (difference !== 0) return difference;
    }
    const leftDigits = /^\d*/.exec(left.slice(leftText.length))?.[0] ?? '';
    const rightDigits = /^\d*/.exec(right.slice(rightText.length))?.[0] ?? '';
    const difference = Number(leftDigits) - Number(rightDigits);
    if (difference !== 0) return difference;
    left = left.slice(leftText.length + leftDigits.length);
    right = right.slice(rightText.length + rightDigits.length);
  }
  return 0;
}

function characterOrder(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}
