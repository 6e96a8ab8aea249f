-- Retention: when a run's data and documents are due, and how far their removal is. Parts: runs that make up a run that was too large.

alter table export_runs
  add column expires_at timestamptz(3),
  add column documents_expire_at timestamptz(3),
  add column pruned text collate "C" check (pruned in ('removing-data', 'data', 'removing-all', 'all')),
  add column part_of text collate "C",
  add column part integer check (part > 0),
  add foreign key (tenant_id, part_of) references export_runs (tenant_id, id),
  drop constraint export_runs_trigger_check,
  add constraint export_runs_trigger_check check (trigger in ('manual', 'reproduce', 'part')),
  add check ((trigger = 'part') = (part_of is not null)),
  add check ((part_of is null) = (part is null)),
  add check ((state = 'expired') = (pruned is not null)),
  add check ((expires_at is null) = (documents_expire_at is null) and documents_expire_at >= expires_at);
--> statement-breakpoint
create unique index export_runs_parts on export_runs (tenant_id, part_of, part) where part_of is not null;
--> statement-breakpoint
create index export_runs_expiring on export_runs (expires_at) where state = 'succeeded';
--> statement-breakpoint
create index export_runs_documents_expiring on export_runs (documents_expire_at) where pruned = 'data';
--> statement-breakpoint
create index export_runs_removing on export_runs (expires_at) where pruned in ('removing-data', 'removing-all');
--> statement-breakpoint
grant update (expires_at, documents_expire_at, pruned) on export_runs to stella_app;
--> statement-breakpoint
grant select (expires_at, documents_expire_at, pruned) on export_runs to stella_sweep;
--> statement-breakpoint
-- A run that has ended is changed in one way alone: it expires, and its removal goes forward, each step once.
create function keep_ended_run() returns trigger language plpgsql as $$
declare
  same public.export_runs := new;
begin
  same.state := old.state;
  same.pruned := old.pruned;
  if old.state in ('succeeded', 'expired') and new.state = 'expired' and same::text = old::text
    and (coalesce(old.pruned, ''), new.pruned) in (
      ('', 'removing-data'), ('', 'removing-all'), ('removing-data', 'data'), ('removing-data', 'removing-all'),
      ('data', 'removing-all'), ('removing-all', 'all'))
  then
    return new;
  end if;
  if old.state in ('succeeded', 'failed', 'cancelled', 'expired') then
    raise exception '% % has ended as % and cannot be changed', tg_table_name, old.id, old.state
      using errcode = 'restrict_violation';
  end if;
  if new.state = 'expired' then
    raise exception '% % has not succeeded and cannot expire', tg_table_name, old.id using errcode = 'restrict_violation';
  end if;
  if old.started_at is distinct from new.started_at and old.started_at is not null then
    raise exception '% % has started already', tg_table_name, old.id using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
--> statement-breakpoint
drop trigger keep_ended on export_runs;
--> statement-breakpoint
create trigger keep_ended before update on export_runs for each row execute function keep_ended_run();
