-- Of a mirror: the one of its profile before it, as of when its sealing began.
alter table export_runs add column previous json;
--> statement-breakpoint
grant update (previous) on export_runs to stella_app;
