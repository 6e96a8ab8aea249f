const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

/** Largest JSON body of a request that is not an upload, in bytes. */
export const MAX_JSON_BODY_BYTES = 1 * MIB
/** Time within which such a body must have come, in milliseconds. */
export const JSON_BODY_MS = 15_000
/** Bytes of a body over the limit that are read and thrown away, so that its sender gets to read the answer. */
export const MAX_DISCARDED_BODY_BYTES = 16 * MIB
/** Largest upload to the ledger, in bytes; it is spooled to the blob store, never held in memory. */
export const MAX_UPLOAD_BYTES = 64 * GIB
/** Largest single document of evidence, in bytes. */
export const MAX_DOCUMENT_BYTES = 64 * MIB
/** Deepest nesting of a JSON or YAML document. */
export const MAX_DOCUMENT_DEPTH = 128
/** Most members of all archives in one upload together, folders included. */
export const MAX_ARCHIVE_ENTRIES = 5_000_000
/** What all compressed data in one upload may decompress to, in bytes. */
export const MAX_DECOMPRESSED_BYTES = 256 * GIB
/** How many times its compressed size a compressed stream may have, once it is over `COMPRESSION_RATIO_FREE_BYTES`. */
export const MAX_COMPRESSION_RATIO = 200
/** What a compressed stream may decompress to whatever its ratio, in bytes. */
export const COMPRESSION_RATIO_FREE_BYTES = 16 * MIB
/** Archives within each other; what `stella ingest` sends is one, so a file of it may be one more. */
export const MAX_ARCHIVE_NESTING = 2
/** Base-2 logarithm of the largest zstd window, which is memory to read it: what the `zstd` command reads without being asked. */
export const MAX_ZSTD_WINDOW_LOG = 27
/** Most refused documents that one batch may name; with more, the batch is refused as a whole. */
export const MAX_REFUSED_DOCUMENTS = 100_000
/** Most paths of what records do not carry that the summary of one batch names. */
export const MAX_NOT_HELD_PATHS = 1000
/** Most files that one command-line ingest sends. */
export const MAX_INGEST_FILES = 5_000_000

/** Time for which a caller that was answered early may go on sending before its connection is closed, in milliseconds. */
export const LINGER_MS = 2000

/** Longest Idempotency-Key, in characters. */
export const MAX_IDEMPOTENCY_KEY_CHARS = 255
/** Time for which an Idempotency-Key is remembered at least, in milliseconds. */
export const IDEMPOTENCY_KEY_MS = 24 * 3600 * 1000

/** Rows of a page when the caller does not say. */
export const DEFAULT_PAGE_ROWS = 50
/** Most rows of a page. */
export const MAX_PAGE_ROWS = 200
/** Longest cursor of a page, in characters. */
export const MAX_CURSOR_CHARS = 200
/** Most entries of one page of the audit log. */
export const MAX_AUDIT_PAGE_ROWS = 1000
/** Longest line of a file of audit entries, in characters. */
export const MAX_AUDIT_LINE_CHARS = 16 * KIB
/** Entries that are chained in one transaction. */
export const AUDIT_BATCH_ROWS = 1000
/** Interval at which recorded entries are chained, in milliseconds. */
export const AUDIT_CHAIN_MS = 250
/** Tenants whose entries are chained in one round. */
export const AUDIT_CHAIN_TENANTS = 1000
/** Refusals that a gateway records at once without a good token, and the pause after which it may record one more, in milliseconds. */
export const ANONYMOUS_REFUSALS = { burst: 60, everyMs: 10_000 } as const
/** Refusals that a gateway records at once for one tenant, and the pause after which it may record one more, in milliseconds. */
export const TENANT_REFUSALS = { burst: 1000, everyMs: 100 } as const
/** Tenants whose refusals a gateway counts. */
export const MAX_REFUSED_TENANTS = 10_000

/** Most values of one selector in a filter. */
export const MAX_FILTER_VALUES = 1000
/** Longest value of a filter or name, in characters. */
export const MAX_FILTER_VALUE_CHARS = 1024

/** Longest record key that a request may name, in characters. */
export const MAX_RECORD_KEY_CHARS = 4096
/** Most records of one answer of a ledger stream; a longer one is continued after its last key. */
export const MAX_STREAM_RECORDS = 1_000_000
/** Records that a ledger stream reads in one transaction, at most. */
export const STREAM_PAGE_RECORDS = 512
/** Bytes of records after which a page of a ledger stream ends; the record that reaches them is its last. */
export const STREAM_PAGE_BYTES = 512 * KIB
/** Bytes of a document that are read at a time. */
export const ARTIFACT_SLICE_BYTES = 1 * MIB
/** Most ledger streams that one gateway sends at a time. */
export const MAX_LEDGER_STREAMS = 256
/** Most ledger streams that one gateway sends to one tenant at a time. */
export const MAX_TENANT_LEDGER_STREAMS = 64
/** Fewest records of a range that an extent may be asked for, and most. */
export const MIN_EXTENT_RANGE_RECORDS = 1024
/** Most records of a range that an extent may be asked for. */
export const MAX_EXTENT_RANGE_RECORDS = 1_000_000
/** Longest time that one query of a plan's preview may take, in milliseconds. */
export const PLAN_PREVIEW_MS = 20_000

/** Attempts of one reading of another installation's ledger, each going on where the one before was cut. */
export const EVIDENCE_ATTEMPTS = 6
/** First pause before such an attempt, in milliseconds; it doubles up to `EVIDENCE_RETRY_MAX_MS`. */
export const EVIDENCE_RETRY_MS = 250
/** Longest pause before such an attempt, in milliseconds. */
export const EVIDENCE_RETRY_MAX_MS = 5000
/** Silence after which an answer of another installation counts as cut, in milliseconds. */
export const EVIDENCE_IDLE_MS = 60_000
/** Ranges, or documents, of another installation's ledger that a job fetches at a time. */
export const EVIDENCE_PARALLEL_READS = 4
/** Largest answer of another installation that is held in memory, in bytes. */
export const MAX_EVIDENCE_ANSWER_BYTES = 64 * MIB
/** Longest line of a ledger stream: a document, and what is said about it. */
export const MAX_LEDGER_LINE_BYTES = 64 * MIB + 64 * KIB

/** Records in one range of an export: what one query reads, and where a zstd frame ends. Part of the output format. */
export const RANGE_RECORDS = 16_384
/** Ranges in one shard: what one job writes. */
export const SHARD_RANGES = 64
/** Documents in one shard of SBOMs. */
export const SHARD_DOCUMENTS = 4096
/** Most shards of a run. */
export const MAX_SHARDS = 4096
/** Most parts of an export that is sharded by size. */
export const MAX_PARTS = 256
/** Most buckets that tell where the bytes of a scope lie in time: with more, its parts would be too many. */
export const MAX_TIME_BUCKETS = 16_384
/** Smallest `max_bytes` of a part, in bytes: below it the files that describe a part outweigh it. */
export const MIN_PART_BYTES = 4 * KIB
/** Largest `max_bytes` of a part, in bytes. */
export const MAX_PART_BYTES = 1024 * GIB
/** Longest time that a profile may keep bytes, in days: a hundred years. */
export const MAX_RETENTION_DAYS = 36_500
/** Most runs that one sweep prunes. */
export const PRUNE_RUNS = 100
/** Plaintext of one zstd frame, in bytes. Part of the output format. */
export const FRAME_BYTES = 4 * MIB
/** Most credentials that a run, and each of its shards, reports as redacted or withheld before it fails. */
export const MAX_WITHHELD = 10_000
/** Most members of a bundle. */
export const MAX_BUNDLE_MEMBERS = 1_000_000
/** Largest member of a bundle, decompressed, in bytes. */
export const MAX_MEMBER_BYTES = 1024 * GIB
/** Largest `export.json`, in bytes. */
export const MAX_MANIFEST_BYTES = 256 * MIB
/** Largest signature file, in bytes. */
export const MAX_SIGNATURE_BYTES = 512 * MIB
/** Most faults that one verification names. */
export const MAX_FAULTS = 1000
/** Most ingests that provenance names, the latest ones; the others are counted. */
export const MAX_PROVENANCE_INPUTS = 10_000

/** Deliveries of one job before its run fails. */
export const MAX_JOB_DELIVERIES = 25
/** Time without a heartbeat after which a job is given to another worker, in milliseconds. */
export const JOB_ACK_WAIT_MS = 6000
/** Interval of a running job's heartbeats, in milliseconds. */
export const JOB_HEARTBEAT_MS = 1500
/** First pause before a failed job is tried again, in milliseconds; it doubles up to `JOB_RETRY_MAX_MS`. */
export const JOB_RETRY_MS = 250
/** Longest pause before a failed job is tried again, in milliseconds. */
export const JOB_RETRY_MAX_MS = 15_000
/** Interval at which running work looks whether it was cancelled, in milliseconds. */
export const CANCEL_POLL_MS = 500
/** Interval of the sweep that republishes lost jobs and removes what ended runs left, in milliseconds. */
export const SWEEP_MS = 3000
/** Silence after which a job counts as lost, beyond the time for which the oldest job of its step has waited, in milliseconds. */
export const LOST_JOB_MS = 120_000
/** Time after which an upload without a batch is removed, in milliseconds. */
export const UNCLAIMED_UPLOAD_MS = 60_000
/** Age after which an unowned temporary file is removed, in milliseconds. */
export const SCRATCH_MAX_AGE_MS = 3600 * 1000
/** Longest wait for a database connection, in milliseconds. */
export const DATABASE_CONNECT_MS = 5000
/** Longest wait of a request for one of the gateway's connections to the database, in milliseconds. */
export const DATABASE_TURN_MS = 5000
/** Most requests of a gateway that wait for a connection to the database; further ones are refused at once. */
export const MAX_DATABASE_WAITERS = 4096
/** Longest time that a statement of a gateway may take, in milliseconds, where nothing shorter is said. */
export const DATABASE_STATEMENT_MS = 25_000
/** Silence after which a gateway's connection to the database counts as lost, in milliseconds: longer than any statement may take. */
export const DATABASE_SILENCE_MS = 30_000
/** Longest wait of a readiness probe for the database, in milliseconds. */
export const READY_DATABASE_MS = 5000
/** Time after which a gateway closes a connection to the database that it does not use, in milliseconds. */
export const DATABASE_IDLE_MS = 10_000
/** Longest wait for the message bus to accept a message, in milliseconds. */
export const BUS_PUBLISH_MS = 5000
/** Interval at which recorded events are published, in milliseconds. */
export const EVENT_PUBLISH_MS = 100
/** Events that are published in one transaction. */
export const EVENT_BATCH_ROWS = 500
/** Tenants whose events are published in one round. */
export const EVENT_TENANTS = 1000
/** Longest time that a publisher waits for the bus and keeps others from publishing a tenant's events, in milliseconds. */
export const EVENT_HOLD_MS = 30_000
/** Pause of what a worker does over and over after it failed, in milliseconds. */
export const AFTER_FAILURE_MS = 1000
/** Most messages that the stream of events keeps. */
export const MAX_EVENTS = 1_000_000
/** Most bytes that the stream of events keeps. */
export const MAX_EVENTS_BYTES = 1 * GIB

/** Requests that one tenant may make in `RATE_WINDOW_SECONDS`, all gateways together, where their settings do not say. */
export const TENANT_REQUESTS = 600_000
/** Runs of one profile that may be created in `RATE_WINDOW_SECONDS`, where neither profile nor settings say. */
export const PROFILE_RUNS = 6000
/** Largest rate that a setting or a profile may ask for. */
export const MAX_RATE = 100_000_000
/** Time in which a spent quota fills again, in seconds. */
export const RATE_WINDOW_SECONDS = 60
/** Age after which what a gateway holds of a quota is not used any more, in milliseconds. */
export const RATE_LEASE_MS = 1000
/** Longest wait of a request for a part of its quota, in milliseconds: with a frozen database it is answered by then. */
export const RATE_LEASE_WAIT_MS = 5000
/** Part of a quota that one gateway takes at once at most: one in so many. */
export const RATE_LEASE_PARTS = 20
/** Quotas that one gateway keeps in mind; of more, those used longest ago are forgotten and taken anew. */
export const MAX_RATE_LEASES = 50_000
/** Profiles whose quota, and tenants whose requests, one gateway keeps in mind. */
export const MAX_KNOWN = 4096
/** Runs of one tenant that may be under way at once, where the settings do not say; more stay queued. */
export const TENANT_CONCURRENT_RUNS = 16
/** Runs of one profile that may be under way at once, where neither profile nor settings say; more stay queued. */
export const PROFILE_CONCURRENT_RUNS = 8
/** Most runs that a setting or a profile may allow at once. */
export const MAX_CONCURRENT_RUNS = 1000

/** Newest events that a gateway holds in memory for readers of updates. */
export const RECENT_EVENTS = 10_000
/** Most bytes of frames that a gateway holds in memory for readers of updates. */
export const RECENT_EVENTS_BYTES = 16 * MIB
/** Frames that may wait for one reader of updates, in bytes; one with more is too slow and is closed. */
export const MAX_READER_BACKLOG_BYTES = 256 * KIB
/** Time that a reader has to take a portion of kept events, in milliseconds. */
export const MAX_READER_STALL_MS = 30_000
/** Most readers of updates that one gateway serves. */
export const MAX_READERS = 10_000
/** Most readers of updates that one gateway serves for one tenant. */
export const MAX_TENANT_READERS = 2000
/** Most readers for whom one gateway reads kept events from the bus at once; others wait for their turn. */
export const MAX_REPLAYS = 8
/** As `MAX_REPLAYS`, of one tenant. */
export const MAX_TENANT_REPLAYS = 4
/** Largest message that a reader of updates may send before its connection is closed, in bytes. It need not send any. */
export const MAX_READER_MESSAGE_BYTES = 1 * KIB
/** Interval of the pings to readers of updates, in milliseconds; one that missed the last is gone. */
export const READER_PING_MS = 20_000
/** Digits of a sequence in a frame. */
export const MAX_SEQUENCE_DIGITS = 20
/** Most runs of one state that the overview counts. */
export const MAX_OVERVIEW_COUNT = 10_000
/** Most runs that ended in a period that the overview looks at, the latest ones. */
export const MAX_OVERVIEW_RUNS = 10_000
/** Most sources that the overview names, in order. */
export const MAX_OVERVIEW_SOURCES = 200
/** Combinations of label values that one metric tells apart; later ones are counted together. */
export const MAX_METRIC_SERIES = 1000
/** Longest path of a request in the log, in characters. */
export const MAX_LOGGED_PATH_CHARS = 256
/** Largest head of a request, in bytes. */
export const MAX_HEADER_BYTES = 16 * KIB
/** Time within which the head of a request must have come, in milliseconds. */
export const HEADERS_MS = 10_000
/** Interval at which heads that do not come are looked for, in milliseconds. */
export const HEADERS_CHECK_MS = 2000
/** Time that an idle connection is kept for the next request, in milliseconds. */
export const KEEP_ALIVE_MS = 65_000

/** Silence after which a connection of a client is closed, in milliseconds; a long upload or download that moves is not. */
export const IDLE_CONNECTION_MS = 120_000

/** Attempts of one request of the command that creates something, where no answer comes. */
export const MAX_CREATE_ATTEMPTS = 4
/** Attempts of one download over HTTP before the command gives up. */
export const MAX_DOWNLOAD_ATTEMPTS = 8
/** Longest `--wait` of the command line, in milliseconds. */
export const MAX_WAIT_MS = 24 * 3600 * 1000
/** Longest life of a development token, in seconds. */
export const DEVELOPMENT_TOKEN_SECONDS = 24 * 3600
/** Clock difference that a token check tolerates, in seconds. */
export const TOKEN_CLOCK_TOLERANCE_SECONDS = 5
/** Time for which a verified token is not verified again, in milliseconds; longer would outlive a key that its issuer withdrew. */
export const VERIFIED_TOKEN_MS = 30_000
/** Most verified tokens that a gateway remembers. */
export const MAX_VERIFIED_TOKENS = 4096
/** Longest token that a gateway remembers, in characters; a longer one is verified each time. */
export const MAX_VERIFIED_TOKEN_CHARS = 4096

/** Bytes of one part of an upload to S3, unless the upload needs larger ones to stay within `S3_MAX_PARTS`. */
export const S3_PART_BYTES = 8 * MIB
/** Most parts of one upload to S3: a limit of the protocol. */
export const S3_MAX_PARTS = 10_000
/** Parts of one upload to S3 that are under way at once; with their size, the memory of an upload. */
export const S3_PARTS_IN_FLIGHT = 4
/** Attempts of one request to S3, the first among them. */
export const S3_ATTEMPTS = 5
/** Times that a read from S3 goes on after its connection broke, without a block in between. */
export const S3_READ_RESUMES = 5
/** Longest wait for a connection to S3, in milliseconds. */
export const S3_CONNECT_MS = 5000
/** Silence after which a request to S3 counts as broken, in milliseconds. */
export const S3_IDLE_MS = 60_000
/** Pause between two looks for unfinished uploads to S3, in milliseconds: the sweep itself comes round more often. */
export const S3_UPLOAD_SWEEP_MS = 600_000
/** Life of a URL by which a bundle is fetched from the object store itself, in seconds. */
export const PRESIGNED_URL_SECONDS = 900
