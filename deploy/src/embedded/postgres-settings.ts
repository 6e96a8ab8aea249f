import { totalmem } from 'node:os'

const MIB = 1024 * 1024

/** Name of the socket inside its folder ends in this number; nothing listens on a network port. */
export const SOCKET_PORT = 5432

/** What the settings depend on. */
export interface SettingFacts {
  readonly socketDir: string
  /** Whether commits outlive a crash of the machine. */
  readonly durable: boolean
  /** Of large values and of full pages in the log. */
  readonly compression: 'lz4' | 'pglz'
}

/** Server settings, as `postgres -c` takes them: one machine, bulk loads and large scans, no replication. */
export function postgresSettings({ socketDir, durable, compression }: SettingFacts): string[] {
  const settings = {
    listen_addresses: '',
    port: String(SOCKET_PORT),
    // A list separated by commas, so that a name with a comma or blank is quoted.
    unix_socket_directories: `"${socketDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    max_connections: '200',
    shared_buffers: `${sharedBuffersMiB(durable)}MB`,
    work_mem: '16MB',
    maintenance_work_mem: '256MB',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '4GB',
    wal_compression: compression,
    checkpoint_timeout: '15min',
    default_toast_compression: compression,
    random_page_cost: '1.1',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    // Commits are still handed to the operating system: they outlive kill -9 of the server, not of the machine.
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** An eighth of the machine's memory within 128 MiB and 2 GiB, taken only as it is used; tests take the least. */
function sharedBuffersMiB(durable: boolean): number {
  const eighth = Math.floor(totalmem() / 8 / MIB)
  return durable ? Math.min(Math.max(eighth, 128), 2048) : 128
}
