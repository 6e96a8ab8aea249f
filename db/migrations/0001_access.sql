-- Who may do what. Row level security binds every role that is no superuser, the owner of the tables too; the roles
-- stella_app and stella_sweep are the cluster's, made before the migrations run.

do $$
declare
  name text;
begin
  foreach name in array array[
    'ledger_heads', 'ingests', 'ledger_revisions', 'raw_artifacts', 'records', 'record_selectors', 'profiles', 'plans',
    'export_runs', 'run_shards'
  ] loop
    execute format('alter table public.%I enable row level security', name);
    execute format('alter table public.%I force row level security', name);
    execute format('revoke all on table public.%I from public', name);
    execute format($policy$create policy own_tenant on public.%I
      using (tenant_id = current_setting('app.tenant_id', true))$policy$, name);
  end loop;
end
$$;
--> statement-breakpoint
-- A version is retired once: one that is retired already cannot be updated.
create policy retire_once on records as restrictive for update using (retired_revision is null) with check (retired_revision is not null);
--> statement-breakpoint
grant usage on schema public to stella_app, stella_sweep;
--> statement-breakpoint
grant select, insert on ledger_heads, ingests, ledger_revisions, raw_artifacts, records, record_selectors, profiles, plans,
  export_runs, run_shards to stella_app;
--> statement-breakpoint
grant update (revision, moved_at) on ledger_heads to stella_app;
--> statement-breakpoint
grant update (retired_revision) on records to stella_app;
--> statement-breakpoint
grant update (state, revision, summary, error_class, error_message, started_at, heartbeat_at, finished_at) on ingests to stella_app;
--> statement-breakpoint
grant update (state, sealed, error_class, error_message, started_at, heartbeat_at, finished_at) on export_runs to stella_app;
--> statement-breakpoint
-- The sweep looks for stalled work in all tenants: at these columns and no others.
grant select (tenant_id, id, state, plan_id, heartbeat_at, created_at) on export_runs to stella_sweep;
--> statement-breakpoint
grant select (tenant_id, id, state, heartbeat_at, created_at) on ingests to stella_sweep;
--> statement-breakpoint
create policy sweep on export_runs for select to stella_sweep using (true);
--> statement-breakpoint
create policy sweep on ingests for select to stella_sweep using (true);
--> statement-breakpoint
create function keep_ended() returns trigger language plpgsql as $$
begin
  if old.state in ('completed', 'succeeded', 'failed', 'cancelled', 'expired') then
    raise exception '% % has ended as % and cannot be changed', tg_table_name, old.id, old.state
      using errcode = 'restrict_violation';
  end if;
  if old.started_at is distinct from new.started_at and old.started_at is not null then
    raise exception '% % has started already', tg_table_name, old.id using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
--> statement-breakpoint
create trigger keep_ended before update on export_runs for each row execute function keep_ended();
--> statement-breakpoint
create trigger keep_ended before update on ingests for each row execute function keep_ended();
--> statement-breakpoint
create function move_forward() returns trigger language plpgsql as $$
begin
  if new.revision <> old.revision + 1 or new.moved_at < old.moved_at then
    raise exception 'the ledger of % stands at revision % and moves one revision at a time', old.tenant_id, old.revision
      using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
--> statement-breakpoint
create trigger move_forward before update on ledger_heads for each row execute function move_forward();
