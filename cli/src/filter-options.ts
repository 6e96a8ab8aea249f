import { ledgerGroups } from '@stella/contracts'
import type { Command } from 'commander'

import { collect, splitList } from './run-filters.ts'

/** Gives a command the options that say what an export takes from the ledger. */
export function withFilterOptions(command: Command): Command {
  return command
    .option('--from <time>', 'records modified at or after; a date alone is the start of its day, UTC')
    .option('--to <time>', 'records modified before; a date alone is the end of its day, UTC')
    .option('--undated', 'records without a time of modification, and no others')
    .option('--include <groups>', ledgerGroups.join(','), splitList)
    .option('--ecosystem <name>', 'of this ecosystem; may be repeated, as those below', collect)
    .option('--exclude-ecosystem <name>', 'of no such ecosystem, whatever else they are of', collect)
    .option('--package <purl>', 'about this package', collect)
    .option('--product <id>', 'about this product', collect)
    .option('--image-digest <digest>', 'about this image', collect)
    .option('--repository <name>', 'about images of this repository', collect)
    .option('--tag <tag>', 'about images of this tag', collect)
}
