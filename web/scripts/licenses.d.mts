import type { Plugin } from 'vite';

/** A plugin that writes the licences of all that is bundled, and of the packages named besides, into licenses.txt. */
export function licenses(extra?: string[]): Plugin;
