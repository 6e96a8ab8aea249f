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
    shared_buffers: '256MB',
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
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}
