-- The run that a delta is for.
alter table export_runs add column base_run text collate "C";
--> statement-breakpoint
alter table export_runs add foreign key (tenant_id, base_run) references export_runs (tenant_id, id);
