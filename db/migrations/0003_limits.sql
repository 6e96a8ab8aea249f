-- Limits of rates and of concurrent runs, and the indexes by which they and the overview are read.

-- Unlogged: a crash of the server empties it, which fills every bucket; nothing else is lost, and no request waits for a disk.
create unlogged table rate_buckets (
  tenant_id text collate "C" not null check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  bucket text collate "C" not null check (length(bucket) between 1 and 200),
  tokens double precision not null check (tokens >= 0),
  granted integer not null check (granted >= 0),
  refilled_at timestamptz not null,
  primary key (tenant_id, bucket)
) with (fillfactor = 50);
--> statement-breakpoint
alter table rate_buckets enable row level security;
--> statement-breakpoint
alter table rate_buckets force row level security;
--> statement-breakpoint
revoke all on table rate_buckets from public;
--> statement-breakpoint
create policy own_tenant on rate_buckets using (tenant_id = current_setting('app.tenant_id', true));
--> statement-breakpoint
grant select, insert on rate_buckets to stella_app;
--> statement-breakpoint
grant update (tokens, granted, refilled_at) on rate_buckets to stella_app;
--> statement-breakpoint
create index export_runs_queued on export_runs (tenant_id, profile_id, created_at, id) where state = 'queued';
--> statement-breakpoint
create index export_runs_busy on export_runs (tenant_id, profile_id)
  where state in ('planning', 'writing', 'sealing', 'distributing');
--> statement-breakpoint
create index export_runs_finished on export_runs (tenant_id, finished_at, id) where finished_at is not null;
--> statement-breakpoint
create index ingests_completed on ingests (tenant_id, source_uri, finished_at) where state = 'completed';
