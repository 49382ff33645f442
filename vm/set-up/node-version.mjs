import { SetUpFailure } from './step.mjs';

const OLDEST = [20, 19];

/** Fails with a readable message on a Node that is too old for this package. */
export function requireNode(version) {
  const numbers = version.split('.').map(Number);
  const enough = numbers[0] > OLDEST[0] || (numbers[0] === OLDEST[0] && numbers[1] >= OLDEST[1]);
  if (!enough)
    throw new SetUpFailure(
      'kmodctl needs Node ' +
        OLDEST.join('.') +
        ' or newer; this is ' +
        version +
        ' (' +
        process.execPath +
        ').\nInstall a newer one, for example from https://nodejs.org/en/download, and run the command again.',
    );
}
