-- What a creating request with an Idempotency-Key was answered, written in the transaction that creates: both are there, or neither.
create table idempotency_keys (
  tenant_id text collate "C" not null check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  key text collate "C" not null check (length(key) between 1 and 255),
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  answer json not null,
  created_at timestamptz(3) not null default clock_timestamp(),
  expires_at timestamptz(3) not null,
  primary key (tenant_id, key)
);
--> statement-breakpoint
create index idempotency_keys_expired on idempotency_keys (expires_at);
--> statement-breakpoint
alter table idempotency_keys enable row level security;
--> statement-breakpoint
alter table idempotency_keys force row level security;
--> statement-breakpoint
revoke all on table idempotency_keys from public;
--> statement-breakpoint
create policy own_tenant on idempotency_keys using (tenant_id = current_setting('app.tenant_id', true));
--> statement-breakpoint
grant select, insert on idempotency_keys to stella_app;
--> statement-breakpoint
-- The sweep removes what has expired, of any tenant, and reads nothing.
grant delete on idempotency_keys to stella_sweep;
--> statement-breakpoint
create policy sweep on idempotency_keys for delete to stella_sweep using (expires_at < clock_timestamp());
