import { BuiltinModinfo } from '../index-files/builtin-modinfo.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { type ModinfoOfFile, ModinfoReader } from '../module-file/modinfo-file.ts';
import type { ModinfoTarget } from './modinfo-target.ts';

/** Reads what modules of a tree say of themselves: those with a file from it, builtins from the tree's own list. */
export class ModinfoSource {
  readonly #tree: ModuleTree;
  readonly #reader = new ModinfoReader();
  #builtins: BuiltinModinfo | null | undefined;

  constructor(tree: ModuleTree) {
    this.#tree = tree;
  }

  /**
   * @returns a promise for compressed files; no entries for a module that nothing is known of
   * @throws KmodError as {@link ModinfoReader.read} does; `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT` for
   *   `modules.builtin.modinfo`
   */
  read(target: ModinfoTarget): ModinfoOfFile | Promise<ModinfoOfFile> {
    return target.path === null ? this.#readBuiltin(target) : this.#reader.read(target.path);
  }

  /** {@link read}, blocking for compressed files too. */
  readSync(target: ModinfoTarget): ModinfoOfFile {
    return target.path === null ? this.#readBuiltin(target) : this.#reader.readSync(target.path);
  }

  #readBuiltin({ module, builtin }: ModinfoTarget): ModinfoOfFile {
    const entries = builtin ? this.#openBuiltins()?.entriesOf(module) : undefined;
    return { entries: entries ?? [], signature: undefined, buildId: undefined };
  }

  #openBuiltins(): BuiltinModinfo | null {
    this.#builtins ??= BuiltinModinfo.open(`${this.#tree.directory}/modules.builtin.modinfo`) ?? null;
    return this.#builtins;
  }
}
