-- What an index of a Maven repository states of one file is a record of a kind of its own, and such files are read in another way.
-- Looks at every row of records and builds an index of them again, under a lock that nothing else gets past: minutes for tens of millions.
alter table records drop constraint records_kind_check;
--> statement-breakpoint
alter table records add constraint records_kind_check check (kind in ('advisory', 'vex', 'sbom', 'jar'));
--> statement-breakpoint
alter table ingests add column format text collate "C" not null default 'auto' check (format in ('auto', 'maven-index'));
--> statement-breakpoint
-- Only VEX documents and SBOMs share a key: the others are found by their own.
drop index records_current_documents;
--> statement-breakpoint
create index records_current_documents on records (tenant_id, kind, document_key) where retired_revision is null and kind in ('vex', 'sbom');
