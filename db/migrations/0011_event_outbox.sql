-- Events that are to be published: a row for each change of a run's state, and for each verdict, written by the transaction that makes
-- the change, whoever makes it. Workers publish them and take them off.

create table event_outbox (
  tenant_id text collate "C" not null check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  id bigint generated always as identity,
  recorded_at timestamptz(3) not null default clock_timestamp(),
  run_id text collate "C" not null,
  state text collate "C",
  verification_id text collate "C",
  ok boolean,
  primary key (tenant_id, id),
  check ((state is null) = (verification_id is not null)),
  check ((verification_id is null) = (ok is null))
);
--> statement-breakpoint
-- The row of a run is locked while its state changes, so that numbers of its events grow in the order of the changes.
create function record_run_event() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into event_outbox (tenant_id, run_id, state) values (new.tenant_id, new.id, new.state);
  return null;
end
$$;
--> statement-breakpoint
create trigger record_new_run after insert on export_runs for each row execute function record_run_event();
--> statement-breakpoint
create trigger record_run_change after update on export_runs
  for each row when (old.state is distinct from new.state) execute function record_run_event();
--> statement-breakpoint
create function record_verdict_event() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into event_outbox (tenant_id, run_id, verification_id, ok)
  values (new.tenant_id, new.run_id, new.id, (new.verdict ->> 'ok')::boolean);
  return null;
end
$$;
--> statement-breakpoint
create trigger record_verdict after update on run_verifications
  for each row when (old.state is distinct from new.state and new.state = 'completed') execute function record_verdict_event();
--> statement-breakpoint
-- Takes events of the tenant of the session off the outbox: the only way out of it.
create function remove_events(ids bigint[]) returns void language sql security definer set search_path = public, pg_temp as $$
  delete from event_outbox where tenant_id = current_setting('app.tenant_id') and id = any (ids)
$$;
--> statement-breakpoint
alter table event_outbox enable row level security;
--> statement-breakpoint
alter table event_outbox force row level security;
--> statement-breakpoint
revoke all on table event_outbox from public;
--> statement-breakpoint
revoke all on function remove_events(bigint[]) from public;
--> statement-breakpoint
create policy own_tenant on event_outbox using (tenant_id = current_setting('app.tenant_id', true));
--> statement-breakpoint
-- Triggers alone write it, as its owner: no process can record an event of a change that it did not make.
grant select on event_outbox to stella_app;
--> statement-breakpoint
grant execute on function remove_events(bigint[]) to stella_app;
--> statement-breakpoint
-- Whoever publishes looks for tenants that have events: at the name and nothing else.
grant select (tenant_id) on event_outbox to stella_sweep;
--> statement-breakpoint
create policy sweep on event_outbox for select to stella_sweep using (true);
