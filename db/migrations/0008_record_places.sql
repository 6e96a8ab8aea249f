-- A version is named by its revision and its place in it; a selector by a digest of name and value. That replaces version_id and three
-- indices of records: ADR 11. The owner, too, is bound by row level security, and must see every row that it moves.
alter table records no force row level security;
--> statement-breakpoint
alter table record_selectors no force row level security;
--> statement-breakpoint
create table selector_digests (
  tenant_id text collate "C" not null,
  selector uuid not null,
  revision bigint not null,
  ordinal integer not null,
  primary key (tenant_id, selector, revision, ordinal)
) with (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
--> statement-breakpoint
create temporary table places on commit drop as
  select tenant_id, version_id, revision, row_number() over (partition by tenant_id, revision order by kind, record_key)::integer as ordinal
  from records;
--> statement-breakpoint
insert into selector_digests (tenant_id, selector, revision, ordinal)
  select p.tenant_id, encode(substr(sha256(convert_to(s.name || e'\x1f' || s.value, 'UTF8')), 1, 16), 'hex')::uuid as selector,
    p.revision, p.ordinal
  from record_selectors s join places p using (tenant_id, version_id)
  order by 1, 2, 3, 4;
--> statement-breakpoint
drop table record_selectors;
--> statement-breakpoint
alter table selector_digests rename to record_selectors;
--> statement-breakpoint
alter index selector_digests_pkey rename to record_selectors_pkey;
--> statement-breakpoint
drop index records_version, records_current, records_added;
--> statement-breakpoint
alter table records drop constraint records_pkey;
--> statement-breakpoint
alter table records alter column version_id drop identity;
--> statement-breakpoint
update records r set version_id = p.ordinal from places p where p.tenant_id = r.tenant_id and p.version_id = r.version_id;
--> statement-breakpoint
alter table records rename version_id to ordinal;
--> statement-breakpoint
-- The tenant of a row is the session's, whose form the head of its ledger has; matching it again took longer than an index entry.
alter table records alter column ordinal type integer, drop constraint records_tenant_id_check,
  add primary key (tenant_id, revision, ordinal);
--> statement-breakpoint
alter table raw_artifacts drop constraint raw_artifacts_tenant_id_check;
--> statement-breakpoint
alter table records add constraint records_key unique nulls not distinct (tenant_id, kind, record_key, retired_revision);
--> statement-breakpoint
alter table records force row level security;
--> statement-breakpoint
alter table record_selectors enable row level security, force row level security;
--> statement-breakpoint
create policy own_tenant on record_selectors using (tenant_id = current_setting('app.tenant_id', true));
--> statement-breakpoint
revoke all on table record_selectors from public;
--> statement-breakpoint
grant select, insert on record_selectors to stella_app;
