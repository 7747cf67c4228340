/** Stands for `default-store.ts` in what is bundled for an edge server: there are no files. */
export const defaultStore = (): null => null
