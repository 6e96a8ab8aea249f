-- Verifications of stored bundles that somebody asked for, and what each found. A verdict is given once.

create table run_verifications (
  tenant_id text collate "C" not null check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  id text collate "C" not null check (length(id) between 1 and 100),
  run_id text collate "C" not null,
  state text collate "C" not null default 'requested' check (state in ('requested', 'completed', 'failed')),
  verdict json,
  error_class text,
  error_message text,
  created_by text not null,
  created_at timestamptz(3) not null default clock_timestamp(),
  heartbeat_at timestamptz(3) not null default clock_timestamp(),
  finished_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, run_id) references export_runs (tenant_id, id),
  check ((state = 'completed') = (verdict is not null)),
  check ((state = 'failed') = (error_class is not null)),
  check ((state = 'requested') = (finished_at is null))
);
--> statement-breakpoint
create index run_verifications_of_run on run_verifications (tenant_id, run_id, created_at, id);
--> statement-breakpoint
-- One at a time for each run: whoever asks meanwhile gets the one that is under way.
create unique index run_verifications_waiting on run_verifications (tenant_id, run_id) where state = 'requested';
--> statement-breakpoint
create function keep_verdict() returns trigger language plpgsql as $$
begin
  if old.state <> 'requested' then
    raise exception 'the verification % has ended as % and cannot be changed', old.id, old.state using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
--> statement-breakpoint
create trigger keep_verdict before update on run_verifications for each row execute function keep_verdict();
--> statement-breakpoint
alter table run_verifications enable row level security;
--> statement-breakpoint
alter table run_verifications force row level security;
--> statement-breakpoint
revoke all on table run_verifications from public;
--> statement-breakpoint
create policy own_tenant on run_verifications using (tenant_id = current_setting('app.tenant_id', true));
--> statement-breakpoint
grant select, insert on run_verifications to stella_app;
--> statement-breakpoint
grant update (state, verdict, error_class, error_message, heartbeat_at, finished_at) on run_verifications to stella_app;
--> statement-breakpoint
grant select (tenant_id, id, run_id, state, heartbeat_at) on run_verifications to stella_sweep;
--> statement-breakpoint
create policy sweep on run_verifications for select to stella_sweep using (true);
