import { readSignature } from '../../src/module-file/module-signature.ts';
import { summarizeSignature } from '../../src/module-file/modinfo-signature.ts';
import { verifyModule } from '../../src/module-file/signature-verification.ts';
import { allowOwnErrors } from './own-errors.ts';

/** The end of a module file: some content, the signature, its trailer. */
export function fuzz(data: Buffer): void {
  summarizeSignature(readSignature(data)); // throws nothing at all
  allowOwnErrors(() => verifyModule(data, []));
}
