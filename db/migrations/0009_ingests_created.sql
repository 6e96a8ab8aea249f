-- Lists of batches, the newest first.
create index ingests_created on ingests (tenant_id, created_at, id);
