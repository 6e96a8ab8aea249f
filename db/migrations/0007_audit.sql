-- The audit log: what was done, and what was refused, as one hash chain a tenant. An action's transaction writes `audit_outbox`; `chain_audit`
-- moves its rows into `audit_entries`, where the database itself numbers and hashes them. `~installation` is the chain of requests without a
-- good token: no tenant can have that name.

create table audit_outbox (
  tenant_id text collate "C" not null check (tenant_id ~ '^([a-z0-9][a-z0-9-]{0,62}|~installation)$'),
  id bigint generated always as identity,
  recorded_at timestamptz(3) not null default clock_timestamp(),
  actor text check (length(actor) between 1 and 255),
  roles text[] not null,
  action text collate "C" not null,
  resource text not null check (length(resource) <= 256),
  outcome text collate "C" not null check (outcome in ('succeeded', 'refused', 'failed')),
  code text collate "C" check (length(code) <= 64),
  request_id text not null check (length(request_id) <= 64),
  omitted integer not null check (omitted >= 0),
  primary key (tenant_id, id)
);
--> statement-breakpoint
create table audit_entries (
  tenant_id text collate "C" not null check (tenant_id ~ '^([a-z0-9][a-z0-9-]{0,62}|~installation)$'),
  seq bigint not null check (seq > 0),
  recorded_at timestamptz(3) not null,
  actor text,
  roles text[] not null,
  action text collate "C" not null,
  resource text not null,
  outcome text collate "C" not null,
  code text collate "C",
  request_id text not null,
  omitted integer not null,
  prev_hash bytea not null check (octet_length(prev_hash) = 32),
  hash bytea not null check (octet_length(hash) = 32),
  primary key (tenant_id, seq)
);
--> statement-breakpoint
-- The canonical JSON (RFC 8785) of an entry without its hash: members sorted, no white space. `to_json` escapes text as section 3.2.2.2
-- asks. docs/formats/audit-log.md is the same in words, and a test compares the two.
create function audit_body(entry audit_entries) returns text language sql stable set search_path = pg_catalog, pg_temp as $$
  select '{"action":' || to_json(entry.action)
    || ',"actor":' || coalesce(to_json(entry.actor)::text, 'null')
    || ',"code":' || coalesce(to_json(entry.code)::text, 'null')
    || ',"omitted":' || entry.omitted
    || ',"outcome":' || to_json(entry.outcome)
    || ',"prev_hash":"' || encode(entry.prev_hash, 'hex')
    || '","request_id":' || to_json(entry.request_id)
    || ',"resource":' || to_json(entry.resource)
    || ',"roles":' || array_to_json(entry.roles)
    || ',"seq":' || entry.seq
    || ',"tenant":' || to_json(entry.tenant_id)
    || ',"time":"' || to_char(entry.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"}'
$$;
--> statement-breakpoint
-- Number and hashes of an entry are the database's to say, whoever inserts it.
create function link_audit_entry() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
  before record;
  next_seq bigint;
  next_prev bytea;
begin
  perform pg_advisory_xact_lock(7355609, hashtext(new.tenant_id));
  select seq, hash into before from audit_entries where tenant_id = new.tenant_id order by seq desc limit 1;
  next_seq := coalesce(before.seq, 0) + 1;
  next_prev := coalesce(before.hash, decode(repeat('00', 32), 'hex'));
  if new.seq <> next_seq or new.prev_hash <> next_prev then
    raise exception 'the audit log of % stands at entry %, and its next entry follows that one', new.tenant_id, next_seq - 1
      using errcode = 'restrict_violation';
  end if;
  new.seq := next_seq;
  new.prev_hash := next_prev;
  if new.hash <> sha256(convert_to(audit_body(new), 'UTF8')) then
    raise exception 'the hash of entry % of the audit log of % is wrong', new.seq, new.tenant_id using errcode = 'restrict_violation';
  end if;
  new.hash := sha256(convert_to(audit_body(new), 'UTF8'));
  return new;
end
$$;
--> statement-breakpoint
create trigger link_audit_entry before insert on audit_entries for each row execute function link_audit_entry();
--> statement-breakpoint
create function keep_audit_entries() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
end
$$;
--> statement-breakpoint
create trigger keep_audit_entries before update or delete or truncate on audit_entries
  for each statement execute function keep_audit_entries();
--> statement-breakpoint
-- Chains what the tenant of the session has recorded, at most `batch` entries, in the order of recording; answers how many. Only this
-- function, which runs as the owner of the tables, takes rows out of the outbox and puts them into the log.
create function chain_audit(batch integer) returns integer language plpgsql security definer set search_path = public, pg_temp as $$
declare
  tenant text := current_setting('app.tenant_id');
  chained integer;
begin
  perform pg_advisory_xact_lock(7355609, hashtext(tenant));
  with taken as (
    delete from audit_outbox
    where tenant_id = tenant and id in (select id from audit_outbox where tenant_id = tenant order by id limit batch)
    returning *
  )
  insert into audit_entries (tenant_id, recorded_at, actor, roles, action, resource, outcome, code, request_id, omitted)
  select tenant_id, recorded_at, actor, roles, action, resource, outcome, code, request_id, omitted from taken order by id;
  get diagnostics chained = row_count;
  return chained;
end
$$;
--> statement-breakpoint
do $$
declare
  name text;
begin
  foreach name in array array['audit_outbox', 'audit_entries'] loop
    execute format('alter table public.%I enable row level security', name);
    execute format('alter table public.%I force row level security', name);
    execute format('revoke all on table public.%I from public', name);
    execute format($policy$create policy own_tenant on public.%I
      using (tenant_id = current_setting('app.tenant_id', true))$policy$, name);
  end loop;
end
$$;
--> statement-breakpoint
revoke all on function chain_audit(integer) from public;
--> statement-breakpoint
grant execute on function chain_audit(integer) to stella_app;
--> statement-breakpoint
grant select on audit_entries, audit_outbox to stella_app;
--> statement-breakpoint
-- The time of an entry is the database's too.
grant insert (tenant_id, actor, roles, action, resource, outcome, code, request_id, omitted) on audit_outbox to stella_app;
--> statement-breakpoint
-- Whoever chains looks for tenants that have recorded something: at the name and nothing else.
grant select (tenant_id) on audit_outbox to stella_sweep;
--> statement-breakpoint
create policy sweep on audit_outbox for select to stella_sweep using (true);
