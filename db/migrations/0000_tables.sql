-- The tables of the ledger and of export runs. Keys and searched columns compare by bytes (collate "C"), tenant first in every key.

create table ledger_heads (
  tenant_id text collate "C" primary key check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  revision bigint not null check (revision >= 0),
  moved_at timestamptz(3) not null
);
--> statement-breakpoint
create table ingests (
  tenant_id text collate "C" not null check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  id text collate "C" not null check (length(id) between 1 and 100),
  state text collate "C" not null default 'received' check (state in ('received', 'running', 'completed', 'failed')),
  source_uri text,
  source_name text,
  strict boolean not null,
  upload_key text not null,
  upload_sha256 bytea not null check (octet_length(upload_sha256) = 32),
  upload_bytes bigint not null check (upload_bytes >= 0),
  revision bigint check (revision >= 0),
  summary json,
  error_class text,
  error_message text,
  created_by text not null,
  created_at timestamptz(3) not null default clock_timestamp(),
  started_at timestamptz(3),
  heartbeat_at timestamptz(3) not null default clock_timestamp(),
  finished_at timestamptz(3),
  primary key (tenant_id, id),
  check (state <> 'completed' or (summary is not null and revision is not null)),
  check ((state = 'failed') = (error_class is not null)),
  check ((state in ('completed', 'failed')) = (finished_at is not null))
);
--> statement-breakpoint
create index ingests_running on ingests (heartbeat_at) where state in ('received', 'running');
--> statement-breakpoint
create table ledger_revisions (
  tenant_id text collate "C" not null check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  revision bigint not null check (revision > 0),
  ingest_id text collate "C" not null,
  created_at timestamptz(3) not null,
  new_documents bigint not null check (new_documents >= 0),
  changed_documents bigint not null check (changed_documents >= 0),
  primary key (tenant_id, revision),
  unique (tenant_id, ingest_id),
  foreign key (tenant_id, ingest_id) references ingests (tenant_id, id)
);
--> statement-breakpoint
create table raw_artifacts (
  tenant_id text collate "C" not null check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  sha256 bytea not null check (octet_length(sha256) = 32),
  size_bytes bigint not null check (size_bytes = octet_length(content)),
  media_type text not null,
  source text not null,
  source_uri text,
  fetched_at timestamptz(3) not null,
  ingest_id text collate "C" not null,
  content bytea not null,
  primary key (tenant_id, sha256)
);
--> statement-breakpoint
-- No foreign keys: the one statement that writes this table also writes the revision, and a check a row costs a third of a bulk load.
create table records (
  version_id bigint generated always as identity,
  tenant_id text collate "C" not null check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  kind text collate "C" not null check (kind in ('advisory', 'vex', 'sbom')),
  record_key text collate "C" not null,
  document_key text collate "C" not null,
  revision bigint not null check (revision > 0),
  retired_revision bigint check (retired_revision > revision),
  document_version bigint not null,
  document_modified_at timestamptz,
  modified_at timestamptz,
  subject_folder text collate "C" check ((kind = 'sbom') = (subject_folder is not null)),
  artifact_sha256 bytea not null check (octet_length(artifact_sha256) = 32),
  content_sha256 bytea not null check (octet_length(content_sha256) = 32),
  body_sha256 bytea not null check (octet_length(body_sha256) = 32),
  body text not null,
  primary key (tenant_id, kind, record_key, revision)
) with (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
--> statement-breakpoint
-- Bodies and documents lie in their rows, and rows in the order of insertion, which is key order: an export reads pages one after the other,
-- and a bulk write fills no second table. Compressed by lz4 where the server has it (pglz would cost more time than it saves); then all other
-- columns need `main` as well, or keys would move out of a long row before its body is compressed.
do $$
declare
  has_lz4 boolean := (select 'lz4' = any (enumvals) from pg_settings where name = 'default_toast_compression');
  place record;
begin
  if has_lz4 then
    for place in
      select attrelid::regclass as relation, attname from pg_attribute
      where attrelid in ('public.records'::regclass, 'public.raw_artifacts'::regclass) and attnum > 0 and attlen = -1
    loop
      execute format('alter table %s alter column %I set storage main, alter column %I set compression lz4',
        place.relation, place.attname, place.attname);
    end loop;
  else
    alter table public.records alter column body set storage external, set (toast_tuple_target = 8160);
    alter table public.raw_artifacts alter column content set storage external, set (toast_tuple_target = 8160);
  end if;
end
$$;
--> statement-breakpoint
create unique index records_current on records (tenant_id, kind, record_key) where retired_revision is null;
--> statement-breakpoint
create index records_current_documents on records (tenant_id, kind, document_key) where retired_revision is null and kind <> 'advisory';
--> statement-breakpoint
create unique index records_version on records (tenant_id, version_id);
--> statement-breakpoint
create index records_added on records (tenant_id, kind, revision);
--> statement-breakpoint
create index records_retired on records (tenant_id, kind, retired_revision) where retired_revision is not null;
--> statement-breakpoint
create index records_modified on records (tenant_id, kind, modified_at);
--> statement-breakpoint
create table record_selectors (
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  value text collate "C" not null,
  version_id bigint not null,
  primary key (tenant_id, name, value, version_id)
) with (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
--> statement-breakpoint
create table profiles (
  tenant_id text collate "C" not null check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  id text collate "C" not null check (length(id) between 1 and 100),
  revision integer not null check (revision > 0),
  name text not null,
  kind text collate "C" not null,
  variant text collate "C" not null,
  config json not null,
  created_by text not null,
  created_at timestamptz(3) not null default clock_timestamp(),
  primary key (tenant_id, id, revision)
);
--> statement-breakpoint
create table plans (
  tenant_id text collate "C" not null check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  id text collate "C" not null check (length(id) between 1 and 100),
  ledger_revision bigint not null check (ledger_revision >= 0),
  counts json not null,
  estimated_bytes bigint not null check (estimated_bytes >= 0),
  shard_count integer not null check (shard_count >= 0),
  plan json not null,
  created_at timestamptz(3) not null default clock_timestamp(),
  primary key (tenant_id, id)
);
--> statement-breakpoint
create table export_runs (
  tenant_id text collate "C" not null check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  id text collate "C" not null check (length(id) between 1 and 100),
  state text collate "C" not null default 'queued' check (
    state in ('queued', 'planning', 'writing', 'sealing', 'distributing', 'succeeded', 'failed', 'cancelled', 'expired')
  ),
  profile_id text collate "C" not null,
  profile_revision integer not null,
  profile json not null,
  filters json not null,
  trigger text collate "C" not null check (trigger in ('manual', 'reproduce')),
  reproduces text collate "C",
  plan_id text collate "C" not null,
  sealed json,
  error_class text,
  error_message text,
  created_by text not null,
  created_at timestamptz(3) not null default clock_timestamp(),
  started_at timestamptz(3),
  heartbeat_at timestamptz(3) not null default clock_timestamp(),
  finished_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, reproduces) references export_runs (tenant_id, id),
  check ((trigger = 'reproduce') = (reproduces is not null)),
  check ((state in ('succeeded', 'expired')) = (sealed is not null)),
  check ((state = 'failed') = (error_class is not null)),
  check ((state in ('sealing', 'distributing', 'succeeded', 'failed', 'cancelled', 'expired')) = (finished_at is not null))
);
--> statement-breakpoint
create index export_runs_id on export_runs (id);
--> statement-breakpoint
create index export_runs_created on export_runs (tenant_id, created_at, id);
--> statement-breakpoint
create index export_runs_state on export_runs (tenant_id, state, created_at, id);
--> statement-breakpoint
create index export_runs_running on export_runs (heartbeat_at)
  where state in ('queued', 'planning', 'writing', 'sealing', 'distributing');
--> statement-breakpoint
create table run_shards (
  tenant_id text collate "C" not null check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  run_id text collate "C" not null,
  shard integer not null check (shard >= 0),
  output json not null,
  written_at timestamptz(3) not null default clock_timestamp(),
  primary key (tenant_id, run_id, shard),
  foreign key (tenant_id, run_id) references export_runs (tenant_id, id)
);
